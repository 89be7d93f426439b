/** The engine: models on a GPU, in a Worker of their own. */
export type {
  Answer,
  AnswerEvent,
  AnswerListener,
  AnswerRequest,
  Engine,
  EngineState,
  EngineStats,
  GenerationEvent,
  OutputFormat,
  SequenceRequest,
  ServedModel,
  TokenLogprob,
  Translation,
  TranslationSearch,
} from "./engine.ts";
export { readModelFolder } from "./model_folder.ts";
export type { AdapterSource, EngineSetup, ModelSource } from "./protocol.ts";
export { type EngineOptions, startEngine } from "./worker_engine.ts";
