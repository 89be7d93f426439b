import type { Hono } from "hono";
import type { ErrorBody } from "./errors.ts";
import type {
  AdapterBody,
  ChatCompletionBody,
  ChatCompletionRequest,
  ClassifyBody,
  ClassifyRequest,
  CompletionBody,
  CompletionRequest,
  DetokenizeBody,
  DetokenizeRequest,
  EmbeddingsBody,
  EmbeddingsRequest,
  HealthBody,
  LoadAdapterRequest,
  ModelBody,
  ModelListBody,
  TagBody,
  TagRequest,
  TokenizeBody,
  TokenizeRequest,
  TranslateBody,
  TranslateRequest,
  UnloadAdapterRequest,
} from "./routes/mod.ts";

/** Statuses of answers that are no success. */
export type ErrorStatus = 400 | 401 | 403 | 404 | 408 | 413 | 415 | 429 | 500 | 503 | 504;

/** Answers that are no success. */
export type ErrorRoute<Input, Status extends ErrorStatus = ErrorStatus> = Status extends ErrorStatus
  ? { input: Input; output: ErrorBody; outputFormat: "json"; status: Status }
  : never;

/** A route that answers JSON: its body with 200, an error with any other status. */
export type JsonRoute<Input, Body> =
  | { input: Input; output: Body; outputFormat: "json"; status: 200 }
  | ErrorRoute<Input>;

/** A route that takes JSON. */
export type JsonPost<Request, Body> = { $post: JsonRoute<{ json: Request }, Body> };

/** A route that takes nothing. */
export type JsonGet<Body> = { $get: JsonRoute<Record<never, never>, Body> };

/** Every route with what it takes and gives. */
export type AppSchema = {
  "/v1/models": JsonGet<ModelListBody>;
  "/v1/models/:model": { $get: JsonRoute<{ param: { model: string } }, ModelBody> };
  "/v1/completions": JsonPost<CompletionRequest, CompletionBody>;
  "/v1/chat/completions": JsonPost<ChatCompletionRequest, ChatCompletionBody>;
  "/v1/embeddings": JsonPost<EmbeddingsRequest, EmbeddingsBody>;
  "/v1/load_lora_adapter": JsonPost<LoadAdapterRequest, AdapterBody>;
  "/v1/unload_lora_adapter": JsonPost<UnloadAdapterRequest, AdapterBody>;
  "/classify": JsonPost<ClassifyRequest, ClassifyBody>;
  "/tag": JsonPost<TagRequest, TagBody>;
  "/translate": JsonPost<TranslateRequest, TranslateBody>;
  "/tokenize": JsonPost<TokenizeRequest, TokenizeBody>;
  "/detokenize": JsonPost<DetokenizeRequest, DetokenizeBody>;
  "/health": JsonGet<HealthBody>;
  "/health/live": JsonGet<HealthBody>;
  "/health/ready": JsonGet<HealthBody>;
  "/metrics": {
    $get: { input: Record<never, never>; output: string; outputFormat: "text"; status: 200 };
  };
};

/**
 * The server as Hono's client sees it.
 *
 * @example
 * ```ts ignore
 * import { hc } from "hono/client";
 * import type { App } from "@quern/quern";
 *
 * const client = hc<App>("http://127.0.0.1:8000");
 * const response = await client.v1.completions.$post({
 *   json: { model: "nano", prompt: "To be, or", max_tokens: 20 },
 * });
 * if (response.ok) console.log((await response.json()).choices[0].text);
 * ```
 * @internal
 */
// Internal for the lint of the documentation, which else wants Hono's own types exported from here.
export type App = Hono<Record<never, never>, AppSchema, "/">;
