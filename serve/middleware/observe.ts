import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { Exchange, type Log } from "../exchange.ts";
import type { Metrics } from "../metrics/mod.ts";
import type { AppEnv } from "../services.ts";

/**
 * Follows each request from its first byte to the last of its answer: counts it, logs it and tells
 * the client how long it took until the answer began.
 */
export function observe(
  metrics: Metrics,
  log: Log,
): MiddlewareHandler<AppEnv> {
  return async function observe(c, next) {
    const { method, path } = c.req;
    const id = c.get("requestId");
    const traceparent = c.req.header("traceparent");
    const exchange = new Exchange({ id, method, path, traceparent }, log);
    c.set("exchange", exchange);
    await next();
    c.header("x-request-id", id);
    c.header("openai-processing-ms", String(Math.round(exchange.elapsedMs)));
    const route = routePath(c, -1);
    exchange.answer(route, c.res.status);
    metrics.countRequest(route, method, c.res.status);
    if (!exchange.streams) exchange.end();
  };
}
