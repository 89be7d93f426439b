import type { MiddlewareHandler } from "hono";
import { HttpError } from "../errors.ts";
import { ANONYMOUS, type KeyRing } from "../keys.ts";
import type { AppEnv } from "../services.ts";

/**
 * Asks every request for a key but those of public paths, and all of them where there are no keys.
 *
 * @param isPublic whether anyone may read a path
 */
export function authenticate(
  keys: KeyRing,
  isPublic: (path: string) => boolean,
): MiddlewareHandler<AppEnv> {
  return async function authenticate(c, next) {
    const exchange = c.get("exchange");
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    if (keys.size === 0) exchange.client = ANONYMOUS;
    else if (!(isRead && isPublic(c.req.path))) {
      const header = c.req.header("authorization");
      const key = /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1];
      exchange.client = key === undefined ? undefined : keys.clientOf(key);
      if (!exchange.client) {
        throw new HttpError(
          401,
          header === undefined
            ? "No API key: send it as `Authorization: Bearer KEY`."
            : "The API key is none of this server's.",
          { headers: { "www-authenticate": 'Bearer realm="quern"' } },
        );
      }
    }
    await next();
  };
}
