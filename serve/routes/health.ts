/** `GET /health/live`, and `GET /health/ready` with `/health` as its other name. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { jsonResponses } from "../schema/mod.ts";
import { type AppEnv, assertReady, type Services } from "../services.ts";

/** How the server is. */
export interface HealthBody {
  /** `ok`; what is not well is an error. */
  status: "ok";
}

const healthBody: z.ZodType<HealthBody, HealthBody> = z.object({ status: z.literal("ok") })
  .openapi("Health");

const live = createRoute({
  method: "get",
  path: "/health/live",
  summary: "Whether the process answers",
  responses: jsonResponses("It does", healthBody),
});

const whenReady = {
  method: "get",
  summary: "Whether models can answer: 503 while loading, after a fault of the GPU, and at the end",
  responses: jsonResponses("They can", healthBody),
} as const;
const ready = createRoute({ ...whenReady, path: "/health/ready" });
const either = createRoute({ ...whenReady, path: "/health" });

const OK: HealthBody = { status: "ok" };

/** The routes that tell how the server is; they ask for no key. */
export function health(services: Services) {
  return new OpenAPIHono<AppEnv>()
    .openapi(live, (c) => c.json(OK, 200))
    .openapi(ready, (c) => {
      assertReady(services);
      return c.json(OK, 200);
    })
    .openapi(either, (c) => {
      assertReady(services);
      return c.json(OK, 200);
    });
}
