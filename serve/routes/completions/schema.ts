import { z } from "@hono/zod-openapi";
import { generationFields, prompt, refused, usage } from "../../schema/mod.ts";
import type { CompletionBody, CompletionRequest } from "./types.ts";

/** The schema of {@linkcode CompletionRequest}. */
export const completionRequest: z.ZodType<CompletionRequest, CompletionRequest> = z.strictObject({
  ...generationFields,
  prompt: prompt.nullish(),
  max_tokens: z.int().min(0).nullish(),
  best_of: z.int().min(0).max(20).nullish(),
  echo: z.boolean().nullish(),
  logprobs: z.int().min(0).max(5).nullish(),
  suffix: refused("these models only continue a text"),
}).openapi("CompletionRequest");

/** The schema of {@linkcode CompletionBody}. */
export const completionBody: z.ZodType<CompletionBody, CompletionBody> = z.object({
  id: z.string(),
  object: z.literal("text_completion"),
  created: z.int(),
  model: z.string(),
  system_fingerprint: z.string(),
  choices: z.array(z.object({
    text: z.string(),
    index: z.int(),
    logprobs: z.object({
      tokens: z.array(z.string()),
      token_logprobs: z.array(z.number().nullable()),
      top_logprobs: z.array(z.record(z.string(), z.number()).nullable()),
      text_offset: z.array(z.int()),
    }).nullable(),
    finish_reason: z.enum(["stop", "length"]),
  })),
  usage,
}).openapi("Completion");
