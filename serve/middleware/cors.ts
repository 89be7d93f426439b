import type { MiddlewareHandler } from "hono";
import { cors as honoCors } from "hono/cors";

/**
 * Lets pages of the given origins read answers; without any, none. Only a true preflight of such an
 * origin is answered here, so that a bare OPTIONS passes no check.
 */
export function cors(origins: readonly string[]): MiddlewareHandler {
  const allow = honoCors({
    origin: [...origins],
    allowMethods: ["GET", "POST"],
    allowHeaders: ["authorization", "content-type", "x-request-id"],
    exposeHeaders: ["x-request-id", "openai-processing-ms", "retry-after"],
    maxAge: 600,
  });
  return async function cors(c, next) {
    const isPreflight = c.req.header("access-control-request-method") !== undefined;
    const isAllowed = origins.includes(c.req.header("origin") ?? "");
    if (isAllowed && (c.req.method !== "OPTIONS" || isPreflight)) return await allow(c, next);
    await next();
  };
}
