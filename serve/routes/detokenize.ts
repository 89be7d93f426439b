/** `POST /detokenize`. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { badRequest } from "../errors.ts";
import { jsonRequest, jsonResponses, tokenIds } from "../schema/mod.ts";
import { type AppEnv, findModel, type Services, soleModel } from "../services.ts";
import { MAX_BYTES_A_TOKEN } from "../text/mod.ts";

/** Tokens whose text is asked for. */
export interface DetokenizeRequest {
  /** Name of the model. @default the only one */
  model?: string | null;
  /** Their ids. */
  tokens: number[];
}

/** The text of tokens. */
export interface DetokenizeBody {
  /** The text, as vLLM calls it. */
  prompt: string;
  /** The same, as llama.cpp calls it. */
  content: string;
}

const request: z.ZodType<DetokenizeRequest, DetokenizeRequest> = z.strictObject({
  model: z.string().nullish(),
  tokens: z.custom<number[]>(Array.isArray, { error: "must be an array of token ids" })
    .openapi({ type: "array", items: { type: "integer", minimum: 0 } }),
}).openapi("DetokenizeRequest");

const body: z.ZodType<DetokenizeBody, DetokenizeBody> = z.object({
  prompt: z.string(),
  content: z.string(),
}).openapi("Text");

const route = createRoute({
  method: "post",
  path: "/detokenize",
  summary: "The text of token ids",
  request: jsonRequest(request),
  responses: jsonResponses("Their text", body),
});

/** The route that turns tokens back into text. */
export function detokenize(services: Services) {
  return new OpenAPIHono<AppEnv>().openapi(route, (c) => {
    const { model: id, tokens } = c.req.valid("json");
    const model = findModel(services, id ?? soleModel(services));
    const most = MAX_BYTES_A_TOKEN * model.context;
    if (tokens.length > most) {
      throw badRequest(`tokens must have at most ${most} items, got ${tokens.length}`, {
        param: "tokens",
      });
    }
    const text = model.tokenizer.decode(tokenIds(model, tokens, "tokens"));
    return c.json({ prompt: text, content: text }, 200);
  });
}
