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

interface JsonResponse<T> {
  description: string;
  content: { "application/json": { schema: z.ZodType<T, T> } };
}

/** What the statuses of errors mean. */
const ERRORS = {
  400: "The request is not as it must be",
  401: "No key, or a wrong one",
  403: "The Host header has another name than the server's",
  404: "There is no such model",
  408: "The client is too slow",
  413: "The body is too large",
  415: "The body is no JSON",
  429: "The queue is full, or the key's quota is used up",
  500: "The server failed",
  503: "The models are loading, or the server is ending",
  504: "The answer took too long",
} as const;

/**
 * How a route describes its answers: this one, or an error.
 *
 * @param streams whether it may be a stream of server-sent events instead, which has no type
 */
export function jsonResponses<T>(
  description: string,
  schema: z.ZodType<T, T>,
  streams = false,
): { 200: JsonResponse<T> } & { [Status in keyof typeof ERRORS]: JsonResponse<ErrorBody> } {
  const content = { "application/json": { schema: errorBody } };
  const errors = Object.entries(ERRORS).map(([status, description]) => [
    status,
    { description, content },
  ]);
  return {
    200: {
      description,
      content: {
        "application/json": { schema },
        ...(streams ? { "text/event-stream": { schema: z.string() } } : {}),
      },
    },
    ...Object.fromEntries(errors),
  };
}
