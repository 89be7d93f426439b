/** `GET /v1/models` and `GET /v1/models/{model}`. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { ServedModel } from "../engine/mod.ts";
import { jsonResponses } from "../schema/mod.ts";
import { type AppEnv, findModel, type Services } from "../services.ts";

/** A model as OpenAI describes it. */
export interface ModelBody {
  /** Its name in requests. */
  id: string;
  /** `model`. */
  object: "model";
  /** When its weights were written, in seconds since 1970. */
  created: number;
  /** `quern`. */
  owned_by: string;
  /** Longest sequence in tokens, as vLLM calls it. */
  max_model_len: number;
  /** Number of weights. */
  parameters: number;
  /** Number of different tokens. */
  vocabulary_size: number;
  /** Name of the model that it is an adapter of. */
  parent?: string;
  /** What it was fine-tuned for. */
  task?: string;
  /** What it tells the classes of; then it writes no text. */
  tells?: "texts" | "words";
  /** Those classes by id. */
  labels?: string[];
}

/** All models. */
export interface ModelListBody {
  /** `list`. */
  object: "list";
  /** They. */
  data: ModelBody[];
}

const model: z.ZodType<ModelBody, ModelBody> = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
  max_model_len: z.int(),
  parameters: z.int(),
  vocabulary_size: z.int(),
  parent: z.string().optional(),
  task: z.string().optional(),
  tells: z.enum(["texts", "words"]).optional(),
  labels: z.array(z.string()).optional(),
}).openapi("Model");

const modelList: z.ZodType<ModelListBody, ModelListBody> = z.object({
  object: z.literal("list"),
  data: z.array(model),
}).openapi("ModelList");

const list = createRoute({
  method: "get",
  path: "/v1/models",
  summary: "All models",
  responses: jsonResponses("The models", modelList),
});

const retrieve = createRoute({
  method: "get",
  path: "/v1/models/{model}",
  summary: "One model",
  request: { params: z.object({ model: z.string() }) },
  responses: jsonResponses("The model", model),
});

/** The routes of the list of models. */
export function models(services: Services) {
  const app = new OpenAPIHono<AppEnv>()
    .openapi(list, (c) => {
      const data = [...services.engine.models.values()].map(bodyOf);
      return c.json({ object: "list" as const, data }, 200);
    })
    .openapi(retrieve, (c) => c.json(bodyOf(findModel(services, c.req.valid("param").model)), 200));
  // Names may hold slashes, which clients may send as they are.
  app.get("/v1/models/:owner/:name{.+}", (c) => {
    const { owner, name } = c.req.param();
    return c.json(bodyOf(findModel(services, `${owner}/${name}`)));
  });
  return app;
}

function bodyOf(
  { id, created, context, parameters, vocabularySize, base, task, head }: ServedModel,
): ModelBody {
  return {
    id,
    object: "model",
    created,
    owned_by: "quern",
    max_model_len: context,
    parameters,
    vocabulary_size: vocabularySize,
    ...(base !== undefined && { parent: base }),
    ...(task && { task: task.name }),
    ...(head && { tells: head.of === "text" ? "texts" : "words", labels: [...head.labels] }),
  };
}
