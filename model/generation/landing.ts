import { NO_TOKEN } from "../../kernels/mod.ts";
import type { GptConfig } from "../config.ts";
import type { Planner, Round } from "./planner.ts";
import type { EndEvent, GenerationEvent, TokenLogprob } from "./request.ts";
import type { Sequence } from "./sequence.ts";
import type { Scores, StepResult } from "./step.ts";

/** What has come of a sequence and is not told yet. */
interface News {
  tokens: number[];
  text: string;
  logprobs: TokenLogprob[];
}

/** Columns of a row of log-probabilities. */
const WIDTH = 21;

/** Takes in what the GPU has chosen, ends sequences where they end, and tells their listeners. */
export class Landing {
  #news = new Map<Sequence, News>();

  /**
   * Begins.
   *
   * @param wake called when a sequence that waited for its constraint can go on
   */
  constructor(
    private readonly planner: Planner,
    private readonly config: GptConfig,
    private readonly wake: () => void,
  ) {}

  /** Takes in the results of a round. */
  land({ steps }: Round, results: readonly StepResult[]): void {
    steps.forEach(({ step, picks, prompts, read, pooled }, i) => {
      const { chosen, scores, prompt } = results[i];
      let row = 0;
      for (const { sequence, position, count } of prompts) {
        for (let p = position; p < position + count; p++, row++) {
          const asked = step.prompt.picks[4 * row + 3] - 1;
          sequence.promptScores[p] = logprobOf(prompt, row, asked);
        }
      }
      pooled.forEach((sequence, n) => {
        const sums = results[i].pooled[n];
        const length = Math.hypot(...sums) || 1;
        sequence.embedding = sums.map((sum) => sum / length);
      });
      for (const sequence of read) this.#read(sequence);
      picks.forEach((sequence, n) => {
        const asked = step.picks[4 * n + 3] - 1;
        this.#accept(sequence, chosen[n], asked < 0 ? undefined : logprobOf(scores, n, asked));
      });
    });
    for (const sequence of [...this.#news.keys()]) this.#tell(sequence);
  }

  /** Ends a sequence, unless it is over. */
  end(sequence: Sequence, reason: EndEvent["reason"], stopped?: number | string): void {
    if (sequence.done) return;
    this.#newsOf(sequence).text += sequence.text.end();
    this.#tell(sequence);
    if (sequence.done) return;
    this.#close(sequence);
    const { submitted, started, read } = sequence.times;
    const now = performance.now();
    const event: EndEvent = {
      type: "end",
      reason,
      ...(stopped === undefined ? {} : { stopped }),
      tokens: sequence.answered,
      queueMs: (started ?? now) - submitted,
      prefillMs: started === undefined ? 0 : (read ?? now) - started,
      decodeMs: read === undefined ? 0 : now - read,
    };
    this.#emit(sequence, event);
    sequence.settle(event);
  }

  /** Ends a sequence with an error, unless it is over. */
  fail(sequence: Sequence, error: unknown): void {
    if (sequence.done) return;
    this.#close(sequence);
    sequence.fail(error);
  }

  /** Asks a sequence's constraint, if it has one, what may come next; first tells it what came. */
  async askConstraint(sequence: Sequence, token?: number): Promise<void> {
    const { constraint } = sequence.request;
    if (!constraint) return;
    sequence.mask = undefined;
    try {
      if (token !== undefined) await constraint.accept(token);
      const mask = checkMask(await constraint.mask(), this.config.vocabularySize);
      if (mask.every((word) => word === 0)) this.end(sequence, "stop");
      else sequence.mask = mask;
    } catch (error) {
      this.fail(sequence, error);
    }
    this.wake();
  }

  #read(sequence: Sequence): void {
    if (sequence.done) return;
    if (!sequence.promptTold) {
      sequence.promptTold = true;
      sequence.times.read = performance.now();
      const { promptLogprobs } = sequence.request;
      this.#emit(sequence, {
        type: "prompt",
        cachedTokens: sequence.cachedTokens,
        ...(promptLogprobs === undefined ? {} : { logprobs: sequence.promptScores }),
      });
    }
    if (sequence.mostTokens === 0) this.end(sequence, "length");
  }

  #accept(sequence: Sequence, token: number, logprob: TokenLogprob | undefined): void {
    if (sequence.done) return;
    if (token >= NO_TOKEN.forbidden) {
      const what = token === NO_TOKEN.broken
        ? "the model's logits are NaN or infinite. Its weights may be damaged."
        : "no token may come: all are forbidden.";
      return this.fail(sequence, new RangeError(`Cannot sample: ${what}`));
    }
    const { stopTokens, constraint } = sequence.request;
    sequence.ids.push(token);
    if (stopTokens.includes(token)) return this.end(sequence, "stop", token);
    const news = this.#newsOf(sequence);
    news.tokens.push(token);
    news.text += sequence.text.push(token);
    if (logprob) news.logprobs.push(logprob);
    const { stopped } = sequence.text;
    if (stopped !== undefined) return this.end(sequence, "stop", stopped);
    if (sequence.answered >= sequence.mostTokens) return this.end(sequence, "length");
    this.planner.nameBlocks(sequence);
    if (constraint) this.askConstraint(sequence, token);
  }

  #newsOf(sequence: Sequence): News {
    let news = this.#news.get(sequence);
    if (!news) this.#news.set(sequence, news = { tokens: [], text: "", logprobs: [] });
    return news;
  }

  #tell(sequence: Sequence): void {
    const { tokens, text, logprobs } = this.#newsOf(sequence);
    this.#news.delete(sequence);
    if (tokens.length === 0 && text === "") return;
    const scored = sequence.request.logprobs !== undefined;
    this.#emit(sequence, { type: "tokens", tokens, text, ...(scored ? { logprobs } : {}) });
  }

  /** A listener that throws ends its own request and no other. */
  #emit(sequence: Sequence, event: GenerationEvent): void {
    try {
      sequence.emit(event);
    } catch (error) {
      this.fail(sequence, error);
    }
  }

  #close(sequence: Sequence): void {
    sequence.done = true;
    this.#news.delete(sequence);
    this.planner.nameBlocks(sequence);
    this.planner.remove(sequence);
  }
}

function logprobOf({ ids, logprobs }: Scores, row: number, asked: number): TokenLogprob {
  const at = row * WIDTH;
  const token = (i: number) => ({ id: ids[at + i], logprob: logprobs[at + i] });
  return { ...token(0), top: Array.from({ length: asked }, (_, i) => token(1 + i)) };
}

/** A copy of a mask without what lies past the vocabulary. */
function checkMask(mask: Uint32Array, vocabularySize: number): Uint32Array<ArrayBuffer> {
  const words = Math.ceil(vocabularySize / 32);
  if (mask.length !== words) {
    throw new RangeError(
      `Cannot generate: a constraint's mask must have ${words} words for ${vocabularySize} tokens, got ${mask.length}`,
    );
  }
  const copy = Uint32Array.from(mask);
  const rest = vocabularySize % 32;
  if (rest > 0) copy[words - 1] &= 2 ** rest - 1;
  return copy;
}
