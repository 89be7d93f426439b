/** `POST /v1/embeddings`. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { ServedModel } from "../engine/mod.ts";
import { badRequest } from "../errors.ts";
import { computeWhole } from "../generation/mod.ts";
import {
  jsonRequest,
  jsonResponses,
  type Prompt,
  prompt,
  promptParts,
  promptTokens,
} from "../schema/mod.ts";
import { type AppEnv, findModel, type Services } from "../services.ts";
import { mapWithPauses } from "../text/mod.ts";

/** Texts whose embeddings are asked for. */
export interface EmbeddingsRequest {
  /** Name of the model. */
  model: string;
  /** A text, its token ids, or several of either. */
  input: Prompt;
  /** `base64` is that of the 32-bit floats, little end first. @default "float" */
  encoding_format?: "float" | "base64" | null;
  /** Length of an embedding; must be the model's. @default the model's */
  dimensions?: number | null;
  /** The client's own name for its user; not used. @default none */
  user?: string | null;
}

/** The embedding of a text. */
export interface EmbeddingBody {
  /** `embedding`. */
  object: "embedding";
  /** Place of its text in the request. */
  index: number;
  /** Numbers whose squares add up to 1, or their base64. */
  embedding: number[] | string;
}

/** All embeddings of a request. */
export interface EmbeddingsBody {
  /** `list`. */
  object: "list";
  /** They, in the order of the texts. */
  data: EmbeddingBody[];
  /** Name of the model. */
  model: string;
  /** What they have cost. */
  usage: {
    /** Tokens of all texts. */
    prompt_tokens: number;
    /** The same. */
    total_tokens: number;
  };
}

const request: z.ZodType<EmbeddingsRequest, EmbeddingsRequest> = z.strictObject({
  model: z.string(),
  input: prompt,
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.int().min(1).nullish(),
  user: z.string().nullish(),
}).openapi("EmbeddingsRequest");

const body: z.ZodType<EmbeddingsBody, EmbeddingsBody> = z.object({
  object: z.literal("list"),
  data: z.array(z.object({
    object: z.literal("embedding"),
    index: z.int(),
    embedding: z.union([z.array(z.number()), z.string()]),
  })),
  model: z.string(),
  usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
}).openapi("Embeddings");

const route = createRoute({
  method: "post",
  path: "/v1/embeddings",
  summary: "Embeddings: mean-pooled last hidden states of norm 1",
  request: jsonRequest(request),
  responses: jsonResponses("The embeddings", body),
});

/** The route of embeddings. */
export function embeddings(services: Services) {
  const { engine, limits, metrics, quota } = services;
  return new OpenAPIHono<AppEnv>().openapi(route, async (c) => {
    const fields = c.req.valid("json");
    const exchange = c.get("exchange");
    const model = findModel(services, fields.model, "writes");
    if ((fields.dimensions ?? model.channels) !== model.channels) {
      throw badRequest(
        `dimensions must be ${model.channels}, the model's own, or left out; got ${fields.dimensions}`,
        { param: "dimensions" },
      );
    }
    const parts = promptParts(fields.input, "input", limits.inputs);
    const inputs = await mapWithPauses(parts, (part) => {
      const ids = promptTokens(model, part);
      assertEmbeddable(model, ids.length, part.param);
      return ids;
    });
    const tokens = inputs.reduce((sum, { length }) => sum + length, 0);
    exchange.facts = { model: model.id, prompt_tokens: tokens };
    const vectors = await computeWhole(
      c,
      services,
      (signal) => engine.embed(model.id, inputs, signal),
    );
    metrics.countPromptTokens(model.id, tokens);
    quota.spend(exchange.client!, tokens);
    const encode = fields.encoding_format === "base64" ? toBase64 : (v: Float32Array) => [...v];
    return c.json({
      object: "list" as const,
      data: vectors.map((vector, index) => ({
        object: "embedding" as const,
        index,
        embedding: encode(vector),
      })),
      model: model.id,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    }, 200);
  });
}

function assertEmbeddable({ context }: ServedModel, tokens: number, param: string): void {
  if (tokens <= context) return;
  throw badRequest(
    `This model's context holds ${context} tokens; ${param} has ${tokens}. Shorten it.`,
    {
      param,
      code: "context_length_exceeded",
      details: { n_prompt_tokens: tokens, n_ctx: context },
    },
  );
}

/** 32-bit floats, little end first whatever the machine's. */
function toBase64(vector: Float32Array): string {
  const view = new DataView(new ArrayBuffer(4 * vector.length));
  vector.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return new Uint8Array(view.buffer).toBase64();
}
