/** `POST /classify`, in vLLM's shape. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { classProbabilities } from "../../model/mod.ts";
import { badRequest } from "../errors.ts";
import { computeWhole } from "../generation/mod.ts";
import { jsonRequest, jsonResponses, type Prompt, prompt } from "../schema/mod.ts";
import { promptParts, promptTokens } from "../schema/mod.ts";
import { type AppEnv, findModel, type Services } from "../services.ts";
import { mapWithPauses } from "../text/mod.ts";

/** Texts whose classes are asked for. */
export interface ClassifyRequest {
  /** Name of the model. */
  model: string;
  /** A text, its token ids, or several of either. */
  input: Prompt;
  /** Tokens at most; what is longer loses its end. -1 for the context. @default none is cut */
  truncate_prompt_tokens?: number | null;
  /** The client's own name for its user; not used. @default none */
  user?: string | null;
}

/** The class of a text. */
export interface ClassBody {
  /** Place of its text in the request. */
  index: number;
  /** Name of the likeliest class; of several labels the likeliest, null where none is likely. */
  label: string | null;
  /** Probability of each class by id; of several labels they do not add up to 1. */
  probs: number[];
  /** Number of classes. */
  num_classes: number;
}

/** All classes of a request. */
export interface ClassifyBody {
  /** Name of the answer. */
  id: string;
  /** `list`. */
  object: "list";
  /** When it was made, in seconds since 1970. */
  created: number;
  /** Name of the model. */
  model: string;
  /** They, in the order of the texts. */
  data: ClassBody[];
  /** What they have cost. */
  usage: {
    /** Tokens of all texts. */
    prompt_tokens: number;
    /** The same. */
    total_tokens: number;
    /** 0. */
    completion_tokens: number;
  };
}

const request: z.ZodType<ClassifyRequest, ClassifyRequest> = z.strictObject({
  model: z.string(),
  input: prompt,
  truncate_prompt_tokens: z.int().min(-1).nullish(),
  user: z.string().nullish(),
}).openapi("ClassifyRequest");

const body: z.ZodType<ClassifyBody, ClassifyBody> = z.object({
  id: z.string(),
  object: z.literal("list"),
  created: z.int(),
  model: z.string(),
  data: z.array(z.object({
    index: z.int(),
    label: z.string().nullable(),
    probs: z.array(z.number()),
    num_classes: z.int(),
  })),
  usage: z.object({
    prompt_tokens: z.int(),
    total_tokens: z.int(),
    completion_tokens: z.int(),
  }),
}).openapi("Classes");

const route = createRoute({
  method: "post",
  path: "/classify",
  summary: "The class of each text, as vLLM tells it",
  request: jsonRequest(request),
  responses: jsonResponses("The classes", body),
});

/** The route of classes of texts. */
export function classify(services: Services) {
  const { engine, limits, metrics, quota } = services;
  return new OpenAPIHono<AppEnv>().openapi(route, async (c) => {
    const fields = c.req.valid("json");
    const exchange = c.get("exchange");
    const model = findModel(services, fields.model, "tells texts apart");
    const head = model.head!;
    const most = fields.truncate_prompt_tokens ?? Infinity;
    const parts = promptParts(fields.input, "input", limits.inputs);
    const inputs = await mapWithPauses(parts, (part) => {
      const ids = promptTokens(model, part).slice(0, most < 0 ? model.context : most);
      if (ids.length >= 1 && ids.length <= model.context) return ids;
      throw badRequest(
        `This model's context holds ${model.context} tokens; ${part.param} has ${ids.length}. ` +
          "Shorten it, or have it cut with truncate_prompt_tokens.",
        { param: part.param, code: "context_length_exceeded" },
      );
    });
    const tokens = inputs.reduce((sum, { length }) => sum + length, 0);
    exchange.facts = { model: model.id, prompt_tokens: tokens };
    const logits = await computeWhole(
      c,
      services,
      (signal) => engine.logits(model.id, inputs, signal),
    );
    metrics.countPromptTokens(model.id, tokens);
    quota.spend(exchange.client!, tokens);
    return c.json({
      id: `classify-${c.get("requestId")}`,
      object: "list" as const,
      created: Math.floor(Date.now() / 1000),
      model: model.id,
      data: logits.map((row, index) => {
        const probs = classProbabilities(row, head);
        const best = Math.max(...probs);
        const likely = !head.multiLabel || best > 0.5;
        const label = likely ? head.labels[probs.indexOf(best)] : null;
        return { index, label, probs, num_classes: probs.length };
      }),
      usage: { prompt_tokens: tokens, total_tokens: tokens, completion_tokens: 0 },
    }, 200);
  });
}
