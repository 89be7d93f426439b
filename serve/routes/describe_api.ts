import type { OpenAPIHono } from "@hono/zod-openapi";
import manifest from "../../deno.json" with { type: "json" };
import type { AppEnv } from "../services.ts";

/** Adds `GET /openapi.json`, which describes all routes that the app has now. */
// deno-lint-ignore no-explicit-any
export function describeApi(app: OpenAPIHono<AppEnv, any>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "key", {
    type: "http",
    scheme: "bearer",
  });
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Quern",
      version: manifest.version,
      description: "GPTs behind OpenAI's API. Every error has OpenAI's body.",
    },
    security: [{ key: [] }, {}],
  });
  app.get("/openapi.json", (c) => c.json(document));
}
