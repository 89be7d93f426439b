import type { AnswerText } from "./answer_text.ts";
import type { Prefix } from "./block_pool.ts";
import type {
  EndEvent,
  GenerationEvent,
  GenerationRequest,
  SamplingOptions,
  TokenLogprob,
} from "./request.ts";

/** A request with every default filled in. */
export interface CheckedRequest extends Omit<GenerationRequest, "prompt" | "sampling" | "adapter"> {
  prompt: number[];
  sampling: SamplingOptions;
  stopTokens: readonly number[];
  stop: readonly string[];
  cacheSalt: string;
  /** Place of its adapter. @default none */
  adapter?: number;
  /** Whether the prompt's hidden states are pooled instead of an answer. */
  pools: boolean;
}

/**
 * A request under way. What has been planned runs ahead of what is known: tokens that the GPU chooses are
 * told some steps later.
 */
export class Sequence {
  /** Prompt and the tokens of the answer that are known. */
  readonly ids: number[];
  /** Place in the batch, −1 while waiting. */
  slot = -1;
  /** Blocks of the cache, in order. */
  blocks: number[] = [];
  /** Positions whose keys and values are in the cache once all planned steps have run. */
  computed = 0;
  /** Positions to read before the next token can be chosen. */
  toRead: number;
  /** Tokens of the answer that are known or being chosen. */
  planned = 0;
  /** What the next block to be named continues, and how many blocks are named. */
  prefix: Prefix;
  named = 0;
  /** Tokens of the prompt that came from the prefix cache. */
  cachedTokens = 0;
  /** Whether the prompt has been told of. */
  promptTold = false;
  /** Log-probabilities of the prompt so far. */
  promptScores: (TokenLogprob | null)[] = [null];
  /** The embedding, where the prompt is pooled, [C]. */
  embedding: Float32Array | undefined;
  /** What may come next, where a constraint says; nothing while it is asked. */
  mask: Uint32Array<ArrayBuffer> | undefined;
  /** Whether it is over. */
  done = false;
  readonly text: AnswerText;
  readonly times: { submitted: number; started?: number; read?: number };

  /** Begins to wait. */
  constructor(
    readonly request: CheckedRequest,
    /** Most tokens of the answer: what was asked for, or what is left of the context. */
    readonly mostTokens: number,
    readonly emit: (event: GenerationEvent) => void,
    private readonly ended: PromiseWithResolvers<EndEvent>,
    text: AnswerText,
  ) {
    this.ids = request.prompt.slice();
    this.toRead = this.ids.length;
    this.prefix = request.cacheSalt;
    this.text = text;
    this.times = { submitted: performance.now() };
  }

  /** Tokens of the answer that are known. */
  get answered(): number {
    return this.ids.length - this.request.prompt.length;
  }

  /** Tokens that are being chosen. */
  get inFlight(): number {
    return this.planned - this.answered;
  }

  /** Whether its prompt, or what was lost when it was preempted, is still to be read. */
  get reading(): boolean {
    return this.computed < this.toRead;
  }

  /** Whether another token of the answer may be planned. */
  get wantsMore(): boolean {
    return this.planned < this.mostTokens;
  }

  /** Settles the promise with the last event. */
  settle(event: EndEvent): void {
    this.ended.resolve(event);
  }

  /** Settles the promise with an error. */
  fail(error: unknown): void {
    this.ended.reject(error);
  }
}
