/** `POST /tokenize`. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { badRequest } from "../errors.ts";
import { jsonRequest, jsonResponses } from "../schema/mod.ts";
import { type AppEnv, findModel, type Services, soleModel } from "../services.ts";
import { encodeText, tokenText } from "../text/mod.ts";

/** A text whose tokens are asked for. */
export interface TokenizeRequest {
  /** Name of the model. @default the only one */
  model?: string | null;
  /** The text, as vLLM calls it. */
  prompt?: string;
  /** The text, as llama.cpp calls it. */
  content?: string;
  /** Whether to add the tokens that stand around a text. @default true */
  add_special_tokens?: boolean | null;
  /** Whether to tell the text of each token too. @default false */
  return_token_strs?: boolean | null;
}

/** The tokens of a text. */
export interface TokenizeBody {
  /** Their ids. */
  tokens: number[];
  /** How many they are. */
  count: number;
  /** The model's context. */
  max_model_len: number;
  /** The text of each, where it was asked for. */
  token_strs?: string[];
}

const request: z.ZodType<TokenizeRequest, TokenizeRequest> = z.strictObject({
  model: z.string().nullish(),
  prompt: z.string().optional(),
  content: z.string().optional(),
  add_special_tokens: z.boolean().nullish(),
  return_token_strs: z.boolean().nullish(),
}).openapi("TokenizeRequest");

const body: z.ZodType<TokenizeBody, TokenizeBody> = z.object({
  tokens: z.array(z.int()),
  count: z.int(),
  max_model_len: z.int(),
  token_strs: z.array(z.string()).optional(),
}).openapi("Tokens");

const route = createRoute({
  method: "post",
  path: "/tokenize",
  summary: "The token ids of a text",
  request: jsonRequest(request),
  responses: jsonResponses("Its tokens", body),
});

/** The route that tokenizes. */
export function tokenize(services: Services) {
  return new OpenAPIHono<AppEnv>().openapi(route, (c) => {
    const { model: id, prompt, content, add_special_tokens, return_token_strs } = c.req.valid(
      "json",
    );
    const model = findModel(services, id ?? soleModel(services));
    const text = prompt ?? content;
    if (text === undefined || (prompt !== undefined && content !== undefined)) {
      throw badRequest("The text must be given as either prompt or content", { param: "prompt" });
    }
    const tokens = [...encodeText(model, text, {
      param: prompt === undefined ? "content" : "prompt",
      addSpecialTokens: add_special_tokens ?? true,
    })];
    const pieces = return_token_strs
      ? { token_strs: tokens.map((id) => tokenText(model.tokenizer, id).text) }
      : {};
    return c.json({ tokens, count: tokens.length, max_model_len: model.context, ...pieces }, 200);
  });
}
