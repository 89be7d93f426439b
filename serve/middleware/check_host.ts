import type { MiddlewareHandler } from "hono";
import { HttpError } from "../errors.ts";

/** Names by which a machine calls itself. */
export const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Refuses requests for other hosts than the given ones. A page of the web can have its own name
 * resolve to this machine and so reach a server that asks for no key; its requests tell that name.
 *
 * @param hosts names without port
 */
export function checkHost(hosts: readonly string[]): MiddlewareHandler {
  return async function checkHost(c, next) {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    const name = host.replace(/:\d*$/, "").toLowerCase();
    if (!hosts.includes(name)) {
      throw new HttpError(
        403,
        "This server has no keys and answers to its own names only; the Host header has another one.",
        { code: "host_not_allowed" },
      );
    }
    await next();
  };
}
