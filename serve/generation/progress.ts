import type { GenerationEvent } from "../engine/mod.ts";
import type { Metrics, Phases } from "../metrics/mod.ts";

/** Of which sequence, and where it is counted. */
export interface ProgressOptions {
  model: string;
  metrics: Metrics;
  /** When the request came in, in `performance.now()`. */
  startedAt: number;
  /** Tokens of its prompt. */
  promptTokens: number;
  /** Most tokens of the answer. */
  maxTokens: number;
  /** Whether its prompt counts, which sequences of one prompt share. */
  countsPrompt: boolean;
}

/** Follows a sequence from its request to its end and counts it. */
export class SequenceProgress {
  /** Tokens of its prompt. */
  readonly promptTokens: number;
  /** Those of them that came from the prefix cache. */
  cachedTokens = 0;
  /** Tokens generated so far. */
  tokens = 0;
  /** Why it is over; absent while it isn't. */
  reason?: "stop" | "length" | "abort" | "error";
  /** How long it took, once it has come to its own end. */
  phases?: Phases;
  /** Milliseconds from the request to the first token. */
  firstTokenMs?: number;
  #lastAt?: number;

  constructor(private readonly options: ProgressOptions) {
    this.promptTokens = options.promptTokens;
  }

  /** Takes in what the engine tells. */
  take(event: GenerationEvent): void {
    const { model, metrics, startedAt, promptTokens, countsPrompt } = this.options;
    const now = performance.now();
    if (event.type === "prompt") {
      this.cachedTokens = event.cachedTokens;
      if (countsPrompt) metrics.countPromptTokens(model, promptTokens);
    } else if (event.type === "tokens") {
      this.#count(event.tokens.length);
      if (this.#lastAt === undefined) this.#first(now);
      else metrics.observeBetween(model, (now - this.#lastAt) / 1000);
      this.#lastAt = now;
    } else if (event.reason === "cancelled") {
      this.abandon("abort");
    } else {
      // The last tokens may have no event of their own, such as the one that stops the answer.
      this.#count(event.tokens - this.tokens);
      if (this.#lastAt === undefined) this.#first(now);
      this.reason = event.reason;
      this.phases = event;
      const seconds = (now - startedAt) / 1000;
      metrics.observeFinished(model, event.reason, {
        ...{ seconds, promptTokens, tokens: this.tokens, phases: event },
      });
    }
  }

  /** It ends here, unless it is over already. */
  abandon(reason: "abort" | "error"): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.options.metrics.countUnfinished(this.options.model, reason);
  }

  #first(now: number): void {
    this.firstTokenMs = now - this.options.startedAt;
    this.options.metrics.observeFirstToken(this.options.model, this.firstTokenMs / 1000);
  }

  #count(tokens: number): void {
    this.tokens += tokens;
    this.options.metrics.countGenerationTokens(this.options.model, tokens);
  }
}
