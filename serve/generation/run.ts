import type { AnswerEvent, AnswerRequest, Engine } from "../engine/mod.ts";
import { HttpError, toHttpError, unavailable } from "../errors.ts";
import type { Limits } from "../limits.ts";
import type { Metrics } from "../metrics/mod.ts";
import { Deadline } from "./deadline.ts";
import type { Pace } from "./pace.ts";
import { SequenceProgress } from "./progress.ts";

/** What an answer needs around the engine. */
export interface RunOptions {
  engine: Engine;
  limits: Limits;
  metrics: Metrics;
  /** Learns how long answers take. */
  pace: Pace;
  /** When the request came in, in `performance.now()`. */
  startedAt: number;
  /** Aborted when the client has gone. */
  gone: AbortSignal;
  /** Aborted when the server gives up what still runs. */
  stop: AbortSignal;
  /** Sequences for each prompt. */
  answersPerPrompt: number;
  /** The field that the format of the answer comes from. */
  formatParam: string;
}

/** What a request has cost, as OpenAI counts it. */
export interface Usage {
  /** Tokens of all prompts. */
  prompt_tokens: number;
  /** Tokens of all answers, those that are not told among them. */
  completion_tokens: number;
  /** Both. */
  total_tokens: number;
  /** What is to know of the prompts' tokens. */
  prompt_tokens_details: {
    /** Those that had not to be computed. */
    cached_tokens: number;
  };
}

/**
 * An answer under way: a bounded queue of its events between the engine, which never waits, and one
 * reader, who may be slow or gone; and its deadlines.
 */
export class Run implements Disposable {
  /** The sequences' progress, by index. */
  readonly sequences: readonly SequenceProgress[];
  readonly #engineAnswer;
  readonly #cleanup = new DisposableStack();
  #queue: AnswerEvent[] = [];
  #failure?: HttpError;
  #over = false;
  #wake = () => {};

  /**
   * @throws {HttpError} 429 where the queue is full, 503 where the engine is not ready
   */
  constructor(readonly request: AnswerRequest, private readonly options: RunOptions) {
    const { engine, limits, metrics, pace, startedAt, gone, stop, answersPerPrompt } = options;
    const { model, sequences } = request;
    assertRoom(options, sequences.length);
    this.sequences = sequences.map((sequence, i) =>
      new SequenceProgress({
        ...{ model, metrics, startedAt, maxTokens: sequence.maxTokens },
        promptTokens: sequence.prompt.length,
        countsPrompt: i % answersPerPrompt === 0,
      })
    );
    const deadline = this.#cleanup.use(
      new Deadline(limits, startedAt, (error) => this.#fail(error)),
    );
    this.#on(gone, () => this.#leave());
    this.#on(stop, () => this.#fail(unavailable("The server is shutting down.", 5)));
    this.#engineAnswer = engine.answer(request, {
      events: (events) => {
        if (this.#over || this.#failure) return;
        deadline.moved();
        for (const { sequence, event } of events) {
          this.sequences[sequence].take(event);
          if (event.type === "end") pace.learn(event.prefillMs + event.decodeMs);
        }
        this.#queue.push(...events);
        if (this.#queue.length > limits.queuedEvents) {
          this.#fail(new HttpError(408, "The client reads the answer too slowly."));
        } else this.#wake();
      },
      end: (error) => {
        if (error) this.#fail(toHttpError(error));
        this.#finish();
      },
    });
    this.#cleanup.defer(() => this.#engineAnswer.cancel());
  }

  /**
   * Resolves once the engine has taken the request in, so that nothing can be refused any more.
   *
   * @throws {HttpError} 400 where the format of the answer is impossible
   */
  async accepted(): Promise<void> {
    try {
      await this.#engineAnswer.accepted;
    } catch (error) {
      const { status, message, options } = toHttpError(error);
      const param = status === 400 ? this.options.formatParam : null;
      const refusal = new HttpError(status, message, { ...options, param });
      this.#fail(refusal);
      throw refusal;
    }
  }

  /**
   * All events that have come since the last call, waiting for one; empty at the end.
   *
   * @throws {HttpError} if the answer failed, after the events that came before
   */
  async next(): Promise<AnswerEvent[]> {
    while (this.#queue.length === 0 && !this.#over && !this.#failure) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const events = this.#queue;
    this.#queue = [];
    if (events.length === 0 && this.#failure) throw this.#failure;
    return events;
  }

  /** Whether the client went before the answer was whole. */
  get left(): boolean {
    return this.sequences.some(({ reason }) => reason === "abort");
  }

  /** What it has cost so far. */
  get usage(): Usage {
    const sum = (of: (sequence: SequenceProgress) => number) =>
      this.sequences.reduce((total, sequence) => total + of(sequence), 0);
    const { answersPerPrompt } = this.options;
    const first = (of: (sequence: SequenceProgress) => number) =>
      this.sequences.reduce((total, each, i) => total + (i % answersPerPrompt ? 0 : of(each)), 0);
    const prompt_tokens = first(({ promptTokens }) => promptTokens);
    const completion_tokens = sum(({ tokens }) => tokens);
    return {
      prompt_tokens,
      completion_tokens,
      total_tokens: prompt_tokens + completion_tokens,
      prompt_tokens_details: { cached_tokens: first(({ cachedTokens }) => cachedTokens) },
    };
  }

  /** Frees its places in the batch, if it is not over. */
  [Symbol.dispose](): void {
    this.#leave();
  }

  /** The reader has gone. */
  #leave(): void {
    this.#queue = [];
    for (const sequence of this.sequences) sequence.abandon("abort");
    this.#finish();
  }

  #fail(error: HttpError): void {
    if (this.#over || this.#failure) return;
    this.#failure = error;
    for (const sequence of this.sequences) sequence.abandon("error");
    this.#cleanup.dispose();
    this.#wake();
  }

  #finish(): void {
    this.#over = true;
    this.#cleanup.dispose();
    this.#wake();
  }

  #on(signal: AbortSignal, listener: () => void): void {
    if (signal.aborted) return queueMicrotask(listener);
    signal.addEventListener("abort", listener);
    this.#cleanup.defer(() => signal.removeEventListener("abort", listener));
  }
}

/**
 * Refuses what the queue has no room for.
 *
 * @throws {HttpError} 429 with the time to wait
 */
export function assertRoom(
  { engine, limits, pace }: Pick<RunOptions, "engine" | "limits" | "pace">,
  sequences: number,
): void {
  if (engine.state !== "ready") return;
  if (engine.pending + sequences <= engine.places + limits.queueLength) return;
  const waiting = Math.max(0, engine.pending - engine.places);
  throw new HttpError(
    429,
    `The queue is full: ${waiting} answers wait and ${limits.queueLength} may; try again soon.`,
    { headers: { "retry-after": String(pace.secondsFor(waiting + sequences, engine.places)) } },
  );
}
