/** What the main thread and the engine's Worker tell each other. */
import type { ClassHead, ModelTask, Translation } from "../../model/mod.ts";
import type {
  AnswerEvent,
  EngineStats,
  OutputFormat,
  SequenceRequest,
  TranslationSearch,
} from "./engine.ts";

/** A model that the engine is to load. */
export interface ModelSource {
  /** Its name in requests. */
  id: string;
  /** Its folder: `config.json`, `model.safetensors`, `tokenizer.json`. */
  folder: string;
  /** Adapters beside it, each asked for as a model of its own. @default none */
  adapters?: readonly AdapterSource[];
}

/** An adapter that the engine is to load. */
export interface AdapterSource {
  /** Its name in requests. */
  id: string;
  /** Its folder: `adapter_config.json`, `adapter_model.safetensors`. */
  folder: string;
}

/** How the engine is set up; plain values. */
export interface EngineSetup {
  /** The models, at least one. */
  models: readonly ModelSource[];
  /**
   * GPU memory for the keys and values of all models, in bytes.
   * @default what their batches of whole contexts take, at most 512 MiB a model
   */
  cacheMemoryBytes?: number;
  /** Places in the batch of each model. */
  maxBatch: number;
  /** Adapters that each model has room for. @default those that are named */
  adapterPlaces?: number;
}

/** What the Worker is told. */
export type ToEngine =
  | { type: "load"; setup: EngineSetup }
  | {
    type: "answer";
    id: number;
    model: string;
    sequences: readonly SequenceRequest[];
    format?: OutputFormat;
  }
  /** Embeddings of prompts, or of a model with a head their logits. */
  | { type: "embed"; id: number; model: string; prompts: readonly Uint32Array[] }
  | {
    type: "translate";
    id: number;
    model: string;
    sources: readonly Uint32Array[];
    search: TranslationSearch;
  }
  | { type: "cancel"; id: number }
  | { type: "add adapter"; id: number; model: string; adapter: AdapterSource }
  | { type: "remove adapter"; id: number; adapter: string }
  | { type: "stats"; id: number };

/** What is known of a model once it is loaded. */
export interface LoadedModel {
  id: string;
  context: number;
  channels: number;
  vocabularySize: number;
  parameters: number;
  /** Name of the model that it is an adapter of. */
  base?: string;
  head?: ClassHead;
  task?: ModelTask;
  hasEncoder?: boolean;
}

/** What the Worker tells. */
export type FromEngine =
  | { type: "loaded"; models: readonly LoadedModel[] }
  /** The models can't be loaded. */
  | { type: "failed"; message: string }
  /** What has happened to answers since the last message. */
  | { type: "news"; news: readonly AnswerNews[] }
  | { type: "embedded"; id: number; vectors: readonly Float32Array[] }
  | { type: "translated"; id: number; translations: readonly Translation[] }
  | { type: "stats"; id: number; stats: EngineStats }
  /** An adapter was added or removed, or can't be. */
  | { type: "adapted"; id: number; model?: LoadedModel; refused?: string }
  /** The GPU is gone, or holds what can't be trusted: the Worker is of no more use. */
  | { type: "lost"; message: string };

/** What has happened to an answer, to embeddings or to translations. */
export type AnswerNews =
  | { id: number; events: readonly AnswerEvent[] }
  /** The format is possible; nothing can be refused any more. */
  | { id: number; accepted: true }
  /** Nothing more will come. */
  | { id: number; end: true; fault?: Fault };

/** Why an answer came to nothing. */
export interface Fault {
  /** Whether the request is to blame, such as an impossible format. */
  refused: boolean;
  message: string;
}
