import { z } from "@hono/zod-openapi";
import { boundedArray, generationFields, jsonObject, refused, usage } from "../../schema/mod.ts";
import type { ChatCompletionBody, ChatCompletionRequest, ChatMessage } from "./types.ts";

/** Most messages of a chat and parts of a message. */
const MAX_MESSAGES = 2048;

const textPart = z.strictObject({
  type: z.literal("text", { error: "must be text: pictures, sound and files are not read" }),
  text: z.string(),
});

const content = z.union([z.string(), boundedArray(textPart, { min: 1, max: MAX_MESSAGES })], {
  error: "must be a string or an array of text parts",
});

const NO_TOOLS = "is not supported: these models call no tools; leave it out";
const noTools = refused("these models call no tools");

const message: z.ZodType<ChatMessage, ChatMessage> = z.strictObject({
  role: z.enum(["system", "developer", "user", "assistant"]),
  content,
  name: z.string().nullish(),
  // What clients send back of an answer.
  refusal: z.null().optional(),
  audio: refused("these models write text"),
  annotations: z.unknown().optional(),
  tool_calls: noTools,
  function_call: noTools,
}).openapi("ChatMessage");

const responseFormat = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json_object") }),
  z.strictObject({
    type: z.literal("json_schema"),
    json_schema: z.strictObject({
      name: z.string().regex(/^[\w-]{1,64}$/, {
        error: "must be 1 to 64 letters, digits, underscores and dashes",
      }),
      description: z.string().nullish(),
      schema: jsonObject.nullish(),
      strict: z.boolean().nullish(),
    }),
  }),
], { error: "must be text, json_object or json_schema" }).openapi("ResponseFormat");

/** The schema of {@linkcode ChatCompletionRequest}. */
export const chatCompletionRequest: z.ZodType<ChatCompletionRequest, ChatCompletionRequest> = z
  .strictObject({
    ...generationFields,
    messages: boundedArray(message, {
      min: 1,
      max: MAX_MESSAGES,
      items: { $ref: "#/components/schemas/ChatMessage" },
    }),
    max_completion_tokens: z.int().min(1).nullish(),
    max_tokens: z.int().min(1).nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    response_format: responseFormat.nullish(),
    // Known, and of no effect on the answer.
    metadata: jsonObject.nullish(),
    store: z.boolean().nullish(),
    prediction: jsonObject.nullish(),
    service_tier: z.enum(["auto", "default"]).nullish(),
    modalities: z.array(z.literal("text")).length(1).nullish(),
    safety_identifier: z.string().max(64).nullish(),
    prompt_cache_key: z.string().nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    tool_choice: z.literal("none", { error: NO_TOOLS })
      .nullish(),
    tools: z.custom<null | never[]>(
      (value) => value === null || (Array.isArray(value) && value.length === 0),
      { error: NO_TOOLS },
    ).openapi({ type: ["array", "null"], items: {}, maxItems: 0 }).optional(),
    functions: noTools,
    function_call: noTools,
    audio: refused("these models write text"),
    reasoning_effort: refused("these models don't reason first"),
    verbosity: refused("say how long the answer may be with max_completion_tokens"),
    web_search_options: refused("nothing is fetched"),
  }).openapi("ChatCompletionRequest");

const token = z.object({ token: z.string(), logprob: z.number(), bytes: z.array(z.int()) });

/** The schema of {@linkcode ChatCompletionBody}. */
export const chatCompletionBody: z.ZodType<ChatCompletionBody, ChatCompletionBody> = z.object({
  id: z.string(),
  object: z.literal("chat.completion"),
  created: z.int(),
  model: z.string(),
  system_fingerprint: z.string(),
  choices: z.array(z.object({
    index: z.int(),
    message: z.object({ role: z.literal("assistant"), content: z.string(), refusal: z.null() }),
    logprobs: z.object({
      content: z.array(z.object({ ...token.shape, top_logprobs: z.array(token) })),
      refusal: z.null(),
    }).nullable(),
    finish_reason: z.enum(["stop", "length"]),
  })),
  usage,
}).openapi("ChatCompletion");
