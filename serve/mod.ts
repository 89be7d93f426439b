/** The server: OpenAI's API from any checkpoint. */
export { type AppOptions, createApp } from "./app.ts";
export type {
  App,
  AppSchema,
  ErrorRoute,
  ErrorStatus,
  JsonGet,
  JsonPost,
  JsonRoute,
} from "./app_type.ts";
export {
  type AdapterSource,
  type Answer,
  type AnswerEvent,
  type AnswerListener,
  type AnswerRequest,
  type Engine,
  type EngineOptions,
  type EngineSetup,
  type EngineState,
  type EngineStats,
  type ModelSource,
  type OutputFormat,
  readModelFolder,
  type SequenceRequest,
  type ServedModel,
  startEngine,
  type TranslationSearch,
} from "./engine/mod.ts";
export { type ErrorBody, HttpError, type HttpErrorOptions } from "./errors.ts";
export type { LogRecord } from "./exchange.ts";
export type { Usage } from "./generation/mod.ts";
export { type ApiKey, parseKeys } from "./keys.ts";
export { DEFAULT_LIMITS, type Limits } from "./limits.ts";
export { LOOPBACK_HOSTS } from "./middleware/mod.ts";
export type {
  AdapterBody,
  ChatChoice,
  ChatCompletionBody,
  ChatCompletionMessage,
  ChatCompletionRequest,
  ChatLogprobs,
  ChatToken,
  ClassBody,
  ClassifyBody,
  ClassifyRequest,
  CompletionBody,
  CompletionChoice,
  CompletionLogprobs,
  CompletionRequest,
  DetokenizeBody,
  DetokenizeRequest,
  EmbeddingBody,
  EmbeddingsBody,
  EmbeddingsRequest,
  EntityBody,
  HealthBody,
  LoadAdapterRequest,
  ModelBody,
  ModelListBody,
  ResponseFormat,
  TagBody,
  TaggedBody,
  TagRequest,
  TextPart,
  TokenizeBody,
  TokenizeRequest,
  TranslateBody,
  TranslateRequest,
  TranslationBody,
  UnloadAdapterRequest,
} from "./routes/mod.ts";
export type { GenerationFields, Prompt, StreamOptions, StructuredOutputs } from "./schema/mod.ts";
export { listen, type ListenOptions, type Server } from "./server.ts";
export { encodeChat } from "./text/mod.ts";
