import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";

/** For answers that are no page: nothing in them may run or be shown in a frame. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'";

/** Tells browsers to trust answers no more than they must; pages bring a content policy of their own. */
export function securityHeaders(): MiddlewareHandler {
  // Whoever puts TLS in front decides on strict transport.
  const others = secureHeaders({ strictTransportSecurity: false });
  return async function securityHeaders(c, next) {
    await others(c, next);
    if (!c.res.headers.has("content-security-policy")) c.header("content-security-policy", NO_PAGE);
  };
}
