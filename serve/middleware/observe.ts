import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { Exchange, type LogRecord } from "../exchange.ts";
import type { Metrics } from "../metrics.ts";
import type { AppEnv } from "../services.ts";

/**
 * Follows each request from its first byte to the last of its answer: counts it, logs it and tells
 * the client how long it took until the answer began.
 */
export function observe(
  metrics: Metrics,
  log: (record: LogRecord) => void,
): MiddlewareHandler<AppEnv> {
  return async function observe(c, next) {
    const { method, path } = c.req;
    const exchange = new Exchange(c.get("requestId"), method, path, log);
    c.set("exchange", exchange);
    await next();
    c.header("x-request-id", c.get("requestId"));
    c.header("openai-processing-ms", String(Math.round(exchange.elapsedMs)));
    exchange.answer(c.res.status);
    metrics.countRequest(routePath(c, -1), method, c.res.status);
    if (!exchange.streams) exchange.end();
  };
}
