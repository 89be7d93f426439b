import { z } from "@hono/zod-openapi";
import { boundedArray } from "./bounded_array.ts";

/** The fields that completions and chat completions share; null is as good as left out. */
export interface GenerationFields {
  /** Name of the model. */
  model: string;
  /** Choices for each prompt. @default 1 */
  n?: number | null;
  /** Divides the logits; 0 always takes the likeliest token. @default 1 */
  temperature?: number | null;
  /** Keeps the likeliest tokens that together reach this probability; 0 keeps one. @default 1 */
  top_p?: number | null;
  /** Keeps the k likeliest tokens; 0 and -1 keep all. @default 0 */
  top_k?: number | null;
  /** Keeps tokens at least this share as likely as the likeliest. @default 0 */
  min_p?: number | null;
  /** Taken from the logit of each token that the answer holds already. @default 0 */
  presence_penalty?: number | null;
  /** Taken from a token's logit for each time that the answer holds it. @default 0 */
  frequency_penalty?: number | null;
  /** Divides positive and multiplies negative logits of tokens in prompt or answer. @default 1 */
  repetition_penalty?: number | null;
  /** Added to the logits of these token ids. @default none */
  logit_bias?: Record<string, number> | null;
  /** Decides every random choice; choice i has the seed plus i. @default a random one */
  seed?: number | null;
  /** Texts that end the answer and are no part of it. @default none */
  stop?: string | string[] | null;
  /** Whether to answer with server-sent events. @default false */
  stream?: boolean | null;
  /** Options of a stream. @default none */
  stream_options?: StreamOptions | null;
  /** Whether to go on behind the model's end-of-text token. @default false */
  ignore_eos?: boolean | null;
  /** What the answer must look like, where no `response_format` can say it. @default anything */
  structured_outputs?: StructuredOutputs | null;
  /** The client's own name for its user; not used. @default none */
  user?: string | null;
}

/** Options of a stream. */
export interface StreamOptions {
  /** Whether a last chunk tells the usage. @default false */
  include_usage?: boolean | null;
  /** Whether chunks are padded, so that their sizes don't tell their texts. @default false */
  include_obfuscation?: boolean | null;
}

/** What an answer must look like; one of these. */
export interface StructuredOutputs {
  /** A JSON schema. */
  json?: Record<string, unknown> | null;
  /** A regular expression for the whole answer. */
  regex?: string | null;
  /** The only answers. */
  choice?: string[] | null;
}

/** A JSON value. */
export const jsonObject: z.ZodType<Record<string, unknown>, Record<string, unknown>> = z.custom<
  Record<string, unknown>
>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  { error: "must be an object" },
).openapi({ type: "object" });

/** A field that is known, and refused unless it is null. */
export function refused(reason: string): z.ZodOptional<z.ZodNull> {
  return z.null({ error: `is not supported: ${reason}; leave it out` }).optional();
}

const streamOptions = z.strictObject({
  include_usage: z.boolean().nullish(),
  include_obfuscation: z.boolean().nullish(),
}).openapi("StreamOptions");

/** Most stop texts that OpenAI's API takes. */
const MAX_STOPS = 4;
/** Most texts of a `choice`. */
const MAX_CHOICES = 1024;

const structuredOutputs = z.strictObject({
  json: jsonObject.nullish(),
  regex: z.string().nullish(),
  choice: boundedArray(z.string(), { min: 1, max: MAX_CHOICES, items: { type: "string" } })
    .nullish(),
}).openapi("StructuredOutputs");

/** The schemas of {@linkcode GenerationFields} by name. */
export const generationFields = {
  model: z.string(),
  n: z.int().min(1).max(128).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(-1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  repetition_penalty: z.number().gt(0).max(2).nullish(),
  // Its keys and values are checked with the vocabulary at hand.
  logit_bias: (jsonObject as z.ZodType<Record<string, number>, Record<string, number>>).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), boundedArray(z.string(), { min: 0, max: MAX_STOPS })], {
    error: "must be a string or an array of strings",
  }).nullish(),
  stream: z.boolean().nullish(),
  stream_options: streamOptions.nullish(),
  ignore_eos: z.boolean().nullish(),
  structured_outputs: structuredOutputs.nullish(),
  user: z.string().nullish(),
};
