import { z } from "@hono/zod-openapi";
import type { ErrorBody } from "../errors.ts";
import type { Usage } from "../generation/mod.ts";

/** The schema of every answer that is no success. */
export const errorBody: z.ZodType<ErrorBody, ErrorBody> = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
    n_prompt_tokens: z.int().optional(),
    n_ctx: z.int().optional(),
  }),
}).openapi("Error");

/** The schema of what a request has cost. */
export const usage: z.ZodType<Usage, Usage> = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({ cached_tokens: z.int() }),
}).openapi("Usage");

/** How a route describes a JSON body that it must be sent. */
export function jsonRequest<T>(schema: z.ZodType<T, T>): {
  body: { required: true; content: { "application/json": { schema: z.ZodType<T, T> } } };
} {
  return { body: { required: true, content: { "application/json": { schema } } } };
}

interface ErrorResponse {
  description: string;
  content: { "application/json": { schema: z.ZodType<ErrorBody, ErrorBody> } };
}

/**
 * How a route describes its answers: this one, or an error.
 *
 * @param streams whether it may be a stream of server-sent events instead, which has no type
 */
export function jsonResponses<T>(
  description: string,
  schema: z.ZodType<T, T>,
  streams = false,
): {
  200: { description: string; content: { "application/json": { schema: z.ZodType<T, T> } } };
  "4XX": ErrorResponse;
  "5XX": ErrorResponse;
} {
  const content = { "application/json": { schema: errorBody } };
  return {
    200: {
      description,
      content: {
        "application/json": { schema },
        ...(streams ? { "text/event-stream": { schema: z.string() } } : {}),
      },
    },
    "4XX": { description: "A fault of the request", content },
    "5XX": { description: "The server can't answer", content },
  };
}
