/** What the HTTP side asks of the engine: everything on the GPU is behind this. */
import type { ChatTemplate, Tokenizer } from "../../data/mod.ts";
import type {
  ClassHead,
  GenerationEvent,
  GenerationRequest,
  ModelTask,
  QueuedTranslateOptions,
  TokenLogprob,
  Translation,
} from "../../model/mod.ts";

import type { AdapterSource } from "./protocol.ts";

export type { GenerationEvent, TokenLogprob, Translation };

/**
 * `loading` until all models are on the GPU, `lost` from a fault of the GPU to the restart after it,
 * `closed` at the end.
 */
export type EngineState = "loading" | "ready" | "lost" | "closed";

/** What is known of a model outside the GPU. */
export interface ServedModel {
  /** Its name in requests. */
  id: string;
  /** When its weights were written, in seconds since 1970. */
  created: number;
  /** Longest sequence in tokens, T. */
  context: number;
  /** Width of its hidden states, C. */
  channels: number;
  /** Number of different tokens, V. */
  vocabularySize: number;
  /** Number of weights. */
  parameters: number;
  /** Tokens that end an answer. */
  endTokens: readonly number[];
  /** Its tokenizer. */
  tokenizer: Tokenizer;
  /** How a chat becomes a prompt. */
  chatTemplate: ChatTemplate;
  /** Name of the model that it is an adapter of. */
  base?: string;
  /** The classes that it tells; then it writes no text. */
  head?: ClassHead;
  /** What it was fine-tuned for. */
  task?: ModelTask;
  /** Whether an encoder reads what is asked; then it translates and does nothing else. */
  hasEncoder?: boolean;
}

/** How translations are searched for. */
export type TranslationSearch = Omit<QueuedTranslateOptions, "signal">;

/** What an answer must look like as a whole. */
export type OutputFormat =
  | { type: "json_object" }
  | { type: "json_schema"; schema: unknown }
  | { type: "regex"; pattern: string }
  | { type: "choice"; choices: readonly string[] };

/** A sequence to generate; its constraint is the request's format. */
export type SequenceRequest = Omit<GenerationRequest, "constraint">;

/** Sequences of one model that are asked for together. */
export interface AnswerRequest {
  /** The model's name. */
  model: string;
  /** The sequences; those with the same prompt share its computation. */
  sequences: readonly SequenceRequest[];
  /** What each must look like. @default anything */
  format?: OutputFormat;
}

/** Something that happened to a sequence. */
export interface AnswerEvent {
  /** Index of the sequence in its request. */
  sequence: number;
  /** What happened. */
  event: GenerationEvent;
}

/** Told of an answer as it comes; never waited for. */
export interface AnswerListener {
  /** More has happened: what one message of the engine brings. */
  events(events: readonly AnswerEvent[]): void;
  /** Nothing will come any more, because of `error` or since all sequences are over. */
  end(error?: Error): void;
}

/** An answer under way. */
export interface Answer {
  /** Resolves once the format is known to be possible; rejects with an HttpError where it isn't. */
  accepted: Promise<void>;
  /** Frees its places in the batch. */
  cancel(): void;
}

/** What the engine says of itself, for metrics. */
export interface EngineStats {
  /** Sequences in the batch. */
  running: number;
  /** Sequences that wait for a place. */
  waiting: number;
  /** Places in the batch. */
  places: number;
  /** Blocks of the cache that sequences hold. */
  usedBlocks: number;
  /** All blocks of the cache. */
  blocks: number;
  /** Tokens of prompts that were looked up in the prefix cache, since the start. */
  prefixQueries: number;
  /** Those that were found there. */
  prefixHits: number;
  /** Sequences that had to give up their blocks to others, since the start. */
  preemptions: number;
  /** Passes of the model, since the start. */
  steps: number;
  /** Rows of all passes, since the start. */
  rows: number;
  /** Passes by their rows, since the start: element i counts those of 2^(i − 1) + 1 to 2^i. */
  stepsByRows: readonly number[];
  /** Milliseconds that passes took on the GPU, since the start. */
  gpuMs: number;
  /** Milliseconds that the host worked between them, since the start. */
  hostMs: number;
  /** Bytes of GPU memory in use. */
  gpuBytes: number;
}

/** Models on a GPU that answer many requests at once. */
export interface Engine extends AsyncDisposable {
  /** Whether it can answer. */
  readonly state: EngineState;
  /** Resolves when the models are loaded for the first time; rejects if they can't be. */
  readonly ready: Promise<void>;
  /** The models by name, in the order they were named; empty while loading. */
  readonly models: ReadonlyMap<string, ServedModel>;
  /** Sequences and translations that are asked for and not over, those in the queue among them. */
  readonly pending: number;
  /** Places in the batch. */
  readonly places: number;
  /**
   * Starts an answer.
   *
   * @throws {HttpError} if the engine isn't ready
   */
  answer(request: AnswerRequest, listener: AnswerListener): Answer;
  /**
   * Mean-pooled, normalised last hidden states of prompts, [C] each.
   *
   * @param signal ends the work after the prompt under way
   * @throws {HttpError} if the engine isn't ready or was lost; what the signal says if it is aborted
   */
  embed(
    model: string,
    prompts: readonly Uint32Array[],
    signal: AbortSignal,
  ): Promise<Float32Array[]>;
  /**
   * Logits of texts by a model with a head: [K] each, or [n, K] over tokens.
   *
   * @param signal ends the work
   * @throws {HttpError} if the engine isn't ready or was lost; what the signal says if it is aborted
   */
  logits(
    model: string,
    texts: readonly Uint32Array[],
    signal: AbortSignal,
  ): Promise<Float32Array[]>;
  /**
   * Translations by a model with an encoder.
   *
   * @param sources token ids of each text, the end among them
   * @param signal ends the work after the step under way
   * @throws {HttpError} if the engine isn't ready or was lost; what the signal says if it is aborted
   */
  translate(
    model: string,
    sources: readonly Uint32Array[],
    search: TranslationSearch,
    signal: AbortSignal,
  ): Promise<Translation[]>;
  /**
   * Loads an adapter beside a model; it is there for new requests once the promise resolves.
   *
   * @throws {HttpError} 400 if it does not fit, 503 if the engine isn't ready
   */
  addAdapter(model: string, adapter: AdapterSource): Promise<void>;
  /**
   * Takes an adapter away from new requests; those under way end with it.
   *
   * @throws {HttpError} 404 if there is none of that name, 503 if the engine isn't ready
   */
  removeAdapter(id: string): Promise<void>;
  /** What it does now; the last known where it does not answer at once. */
  stats(): Promise<EngineStats>;
}
