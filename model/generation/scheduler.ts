import type { Tokenizer } from "../../data/mod.ts";
import type { Gpt } from "../gpt/mod.ts";
import { AdapterBank } from "./adapter_bank.ts";
import { AnswerText } from "./answer_text.ts";
import { Batch } from "./batch.ts";
import { chooseSizes, type SizeOptions } from "./batch_sizes.ts";
import { checkEmbedding, checkRequest } from "./check_request.ts";
import { Landing } from "./landing.ts";
import { Planner, type Round } from "./planner.ts";
import type { EndEvent, GenerationEvent, GenerationRequest } from "./request.ts";
import { type CheckedRequest, Sequence } from "./sequence.ts";
import { writeSlot } from "./slots.ts";
import type { Flight, StepResult } from "./step.ts";

/** Options of {@linkcode Scheduler.create}. */
export interface SchedulerOptions extends SizeOptions {
  /** Turns tokens to text; without it events have no text and stop texts are refused. @default none */
  tokenizer?: Tokenizer;
  /** Whether requests share the blocks of equal beginnings. @default true */
  prefixCache?: boolean;
}

/** A request that was submitted. */
export interface GenerationHandle {
  /** The last event, once all have been told; rejects where generation failed. */
  readonly done: Promise<EndEvent>;
  /** Ends the request now; it is told so by an `end` event. */
  cancel(): void;
}

/** What a scheduler has done so far, and is doing. */
export interface SchedulerStats {
  /** Requests with a place in the batch. */
  running: number;
  /** Requests that wait for one. */
  waiting: number;
  /** Blocks of 16 tokens that requests hold. */
  blocksUsed: number;
  /** Blocks that there are. */
  blocksTotal: number;
  /** Tokens of prompts that were looked up in the prefix cache. */
  prefixQueries: number;
  /** Those that were found. */
  prefixHits: number;
  /** Requests that made room for others and had to be read again. */
  preemptions: number;
  /** Forward passes. */
  steps: number;
  /** Rows of all forward passes, without padding. */
  rows: number;
  /** Forward passes by their rows: element i counts those of 2^(i − 1) + 1 to 2^i. */
  stepsByRows: number[];
  /** GPU bytes of the device's tensors. */
  gpuBytes: number;
  /** Milliseconds that the GPU took for the steps, estimated where they ended before the host looked. */
  gpuMs: number;
  /** Milliseconds of the host's own work. */
  hostMs: number;
}

/** Steps are submitted together for so many milliseconds: thirty events a second read smoothly. */
const ROUND_MS = 33;

/** The same where a constraint waits for its turn: no longer than reading the last results takes anyway. */
const CONSTRAINED_ROUND_MS = 12;

/**
 * Rounds shorter than this are submitted before the last one's results are read, so that the GPU does not
 * wait while the host sleeps 10 ms in `mapAsync`; what a stop makes superfluous is thrown away.
 */
const OVERLAPPED_MS = 60;

/** Who waited less than this for the GPU found it at rest: since when, is not known. */
const WAITED_MS = 0.5;

interface BegunRequest {
  handle: GenerationHandle;
  sequence: Sequence;
}

interface Running {
  round: Round;
  flight: Flight;
}

/**
 * Continues many prompts at once on one GPU: requests join and leave the batch at every step, share the
 * cached keys and values of equal beginnings, and each gets the very tokens it would get alone.
 *
 * @example
 * ```ts
 * import { byteTokenizer, Device, Gpt, PRESETS, Scheduler } from "@quern/quern";
 *
 * using device = await Device.open();
 * const config = { ...PRESETS.nano, layers: 1, vocabularySize: 256, dropout: 0, bias: true, tie: true };
 * using model = Gpt.create(device, config, { seed: 1 });
 * const tokenizer = byteTokenizer();
 * await using scheduler = await Scheduler.create(model, { tokenizer, maxBatch: 2 });
 * const answers = ["Hello", "Bonjour"].map((text) =>
 *   scheduler.submit({ prompt: tokenizer.encode(text), maxTokens: 3 }, (event) => console.log(event))
 * );
 * await Promise.all(answers.map(({ done }) => done));
 * ```
 */
export class Scheduler implements AsyncDisposable {
  #planner: Planner;
  #landing: Landing;
  #adapters: AdapterBank | undefined;
  #loop: Promise<void> | undefined;
  #wake = Promise.withResolvers<void>();
  #failure: unknown;
  #closed = false;
  #totals = { steps: 0, rows: 0, gpuMs: 0, hostMs: 0 };
  #stepsByRows: number[] = [];
  #lastRoundMs = 0;

  private constructor(
    readonly model: Gpt,
    private readonly batch: Batch,
    private readonly options: SchedulerOptions,
    planner: Planner,
  ) {
    this.#planner = planner;
    const { adapters } = batch.memory;
    this.#adapters = adapters && new AdapterBank(model, adapters);
    this.#landing = new Landing(planner, model.config, () => this.#wake.resolve());
  }

  /**
   * Allocates the cache and whatever else generation needs.
   *
   * @throws {RangeError} if the cache cannot hold a sequence of the model's context, or an option is out of
   * its range
   * @throws {GpuError} when out of GPU memory
   */
  static async create(model: Gpt, options: SchedulerOptions = {}): Promise<Scheduler> {
    const { device, config: { context } } = model;
    const sizes = await chooseSizes(model, options);
    const batch = new Batch(model, sizes);
    const { prefixCache = true } = options;
    const planner = new Planner({ ...sizes, context, prefixCache });
    try {
      await device.check();
    } catch (error) {
      batch[Symbol.dispose]();
      throw error;
    }
    return new Scheduler(model, batch, options, planner);
  }

  /**
   * Begins a request. `listen` is called with its events in order and never waited for.
   *
   * @throws {RangeError} if the request is out of range, or names an adapter that is not there
   * @throws {TypeError} if it has stop texts and there is no tokenizer
   */
  submit(
    request: GenerationRequest,
    listen: (event: GenerationEvent) => void = () => {},
  ): GenerationHandle {
    const checked = checkRequest(request, this.model.config);
    const { tokenizer } = this.options;
    if (checked.stop.length > 0 && !tokenizer) {
      throw new TypeError("Cannot generate: stop texts need a scheduler with a tokenizer");
    }
    const most = Math.min(checked.maxTokens, this.model.config.context - checked.prompt.length);
    const text = new AnswerText(tokenizer, checked.stop, checked.prompt.at(-1));
    const { handle, sequence } = this.#beginWith(request.adapter, checked, most, text, listen);
    this.#landing.askConstraint(sequence);
    return handle;
  }

  /**
   * Takes an adapter in, from a folder as PEFT writes it; requests under way go on.
   *
   * @throws {RangeError} if there is one of that name, no room for it, or it is for another model
   * @throws {Error} if its files are missing or broken
   */
  async addAdapter(name: string, folder: string): Promise<void> {
    if (!this.#adapters) {
      throw new RangeError(`Cannot add the adapter ${name}: there is no room for any (adapters)`);
    }
    await this.#adapters.add(name, folder);
  }

  /**
   * Lets new requests name an adapter no longer; those under way end with it, then its place is free.
   *
   * @throws {RangeError} if there is none of that name
   */
  removeAdapter(name: string): void {
    this.#useAdapter(name)!.release();
    this.#adapters!.remove(name);
  }

  #useAdapter(name: string | undefined): ReturnType<AdapterBank["use"]> | undefined {
    if (name === undefined) return undefined;
    if (this.#adapters) return this.#adapters.use(name);
    throw new RangeError(`Cannot generate: there is no adapter ${name}`);
  }

  /**
   * The mean of a text's last hidden states, those after the last layer norm, scaled to length 1.
   *
   * @param ids 1 to as many as the model's context
   * @param options.adapter name of the adapter that the model computes with; by default none
   * @param options.signal gives it up
   * @returns [C]
   * @throws {RangeError} if there are too few or too many ids, one is outside the vocabulary, or there is
   * no such adapter
   */
  async embed(
    ids: ArrayLike<number>,
    { adapter: name, signal }: { adapter?: string; signal?: AbortSignal } = {},
  ): Promise<Float32Array> {
    signal?.throwIfAborted();
    const checked = checkEmbedding(ids, this.model.config);
    const text = new AnswerText(undefined, []);
    const { handle, sequence } = this.#beginWith(name, checked, 0, text, () => {});
    const cancel = () => handle.cancel();
    signal?.addEventListener("abort", cancel);
    try {
      const { reason } = await handle.done;
      signal?.throwIfAborted();
      if (reason === "cancelled") throw new Error("Cannot embed: the scheduler was closed");
      return sequence.embedding!;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** What is going on, and what has been done since the beginning. */
  stats(): SchedulerStats {
    const { running, waiting, pool, counts } = this.#planner;
    return {
      running: running.length,
      waiting: waiting.length,
      blocksUsed: pool.used,
      blocksTotal: pool.count - 1,
      ...counts,
      ...this.#totals,
      stepsByRows: Array.from(this.#stepsByRows, (count = 0) => count),
      gpuBytes: this.model.device.allocatedBytes,
    };
  }

  /** Begins a request that has an adapter until it is over, where it names one. */
  #beginWith(
    name: string | undefined,
    request: CheckedRequest,
    ...rest: [most: number, text: AnswerText, listen: (event: GenerationEvent) => void]
  ): BegunRequest {
    const adapter = this.#useAdapter(name);
    if (!adapter) return this.#begin(request, ...rest);
    const begun = this.#begin(adapter.in(request), ...rest);
    begun.handle.done.then(adapter.release, adapter.release);
    return begun;
  }

  #begin(
    request: CheckedRequest,
    most: number,
    text: AnswerText,
    listen: (event: GenerationEvent) => void,
  ): BegunRequest {
    if (this.#failure) throw this.#failure;
    if (this.#closed) throw new Error("Cannot generate: the scheduler is closed");
    const ended = Promise.withResolvers<EndEvent>();
    // Who does not look at `done` is told by events alone.
    ended.promise.catch(() => {});
    const sequence = new Sequence(request, most, listen, ended, text);
    this.#planner.add(sequence);
    this.#loop ??= this.#run();
    this.#wake.resolve();
    const cancel = () => this.#landing.end(sequence, "cancelled");
    return { handle: { done: ended.promise, cancel }, sequence };
  }

  async #run(): Promise<void> {
    // Requests that come in one turn of the event loop begin together.
    await new Promise((resolve) => setTimeout(resolve, 0));
    let last: Running | undefined;
    let results: ReturnType<Flight["results"]> | undefined;
    try {
      while (last || this.#planner.running.length + this.#planner.waiting.length > 0) {
        let next = !last || this.#lastRoundMs < OVERLAPPED_MS ? await this.#launch() : undefined;
        if (last) {
          await this.#land(last.round, await results!);
          next ??= await this.#launch();
        }
        last = next;
        if (last) results = this.#await(last);
        else await this.#sleep();
      }
    } catch (error) {
      this.#failure = await this.model.device.check().then(() => error, (failure) => failure);
      for (const sequence of [...this.#planner.running, ...this.#planner.waiting]) {
        this.#landing.fail(sequence, this.#failure);
      }
    } finally {
      this.#loop = undefined;
    }
  }

  /** Plans a round and hands it to the GPU. */
  async #launch(): Promise<Running | undefined> {
    const start = performance.now();
    const { batch } = this;
    const planner = this.#planner;
    const constrained = planner.running.some(({ request }) => request.constraint);
    const budget = constrained ? CONSTRAINED_ROUND_MS : ROUND_MS;
    const round = planner.plan(budget, (steps) => batch.hasRoom(steps));
    if (!round) return undefined;
    const { config } = this.model;
    for (const { sequence, slot } of round.admitted) {
      sequence.times.started ??= start;
      writeSlot(batch.memory, slot, sequence, config);
    }
    const { masks, tables } = batch.memory;
    for (const { step, picks } of round.steps) {
      picks.forEach(({ mask }, n) => {
        const slot = step.picks[4 * n + 1];
        if (mask) masks.view(slot * mask.length, [mask.length]).write(mask);
      });
    }
    tables.write(planner.tables);
    const planned = performance.now();
    const flight = await batch.submit(round.steps.map(({ step }) => step));
    for (const { step } of round.steps) {
      const rows = step.rows.length / 4;
      const power = Math.ceil(Math.log2(rows));
      this.#totals.steps++;
      this.#totals.rows += rows;
      this.#stepsByRows[power] = (this.#stepsByRows[power] ?? 0) + 1;
    }
    this.#totals.hostMs += planned - start + flight.encodeMs;
    return { round, flight };
  }

  /** Waits for the GPU, learns how long it took, and begins to read. */
  #await({ round, flight }: Running): ReturnType<Flight["results"]> {
    const start = performance.now();
    const results = flight.results();
    // An error is met where the results are awaited.
    results.catch(() => {});
    const end = performance.now();
    const sizes = round.steps.map(({ size }) => size);
    const elapsed = end - flight.submittedAt;
    const ms = this.#planner.times.learn(sizes, elapsed, end - start > WAITED_MS);
    this.#totals.gpuMs += ms;
    this.#lastRoundMs = ms;
    return results;
  }

  async #land(round: Round, results: StepResult[]): Promise<void> {
    await this.model.device.check();
    const start = performance.now();
    this.#landing.land(round, results);
    this.#totals.hostMs += performance.now() - start;
  }

  async #sleep(): Promise<void> {
    await this.#wake.promise;
    this.#wake = Promise.withResolvers();
  }

  /** Cancels what is under way, waits for the GPU and frees all memory. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const sequence of [...this.#planner.running, ...this.#planner.waiting]) {
      this.#landing.end(sequence, "cancelled");
    }
    this.#wake.resolve();
    await this.#loop;
    this.batch[Symbol.dispose]();
  }
}
