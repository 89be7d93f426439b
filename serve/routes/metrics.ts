/** `GET /metrics`. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv, Services } from "../services.ts";

const read = createRoute({
  method: "get",
  path: "/metrics",
  summary: "What the server does, in Prometheus' text format",
  responses: {
    200: { description: "The metrics", content: { "text/plain": { schema: z.string() } } },
  },
});

/** The route of the metrics. */
export function metrics(services: Services) {
  return new OpenAPIHono<AppEnv>().openapi(read, async (c) => {
    return c.text(await services.metrics.text(), 200, {
      "content-type": services.metrics.contentType,
    });
  });
}
