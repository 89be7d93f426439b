import { DataError } from "../../data/mod.ts";
import { Gpt, type ModelTask } from "../../model/mod.ts";
import { HttpError } from "../errors.ts";
import type {
  Answer,
  AnswerListener,
  AnswerRequest,
  Engine,
  EngineState,
  EngineStats,
  ServedModel,
  Translation,
  TranslationSearch,
} from "./engine.ts";
import { readModelFolder } from "./model_folder.ts";
import type {
  AdapterSource,
  AnswerNews,
  EngineSetup,
  FromEngine,
  LoadedModel,
  ToEngine,
} from "./protocol.ts";
import { addStats, countersOf, NO_STATS } from "./stats.ts";

/** Options of {@linkcode startEngine}. */
export interface EngineOptions extends EngineSetup {
  /** What the Worker runs. @default the engine */
  worker?: URL;
  /** Wait before the first restart after a fault of the GPU; each further one takes twice as long. @default 500 */
  restartDelayMs?: number;
  /**
   * How long work may wait without a step being done; the GPU hangs where it takes longer, which is dealt
   * with as other faults of it are. The first step of a size compiles, which can take long.
   * @default 120000
   */
  stepTimeoutMs?: number;
  /** Told what a person should know, such as a fault of the GPU. @default nobody */
  notify?: (message: string) => void;
}

/**
 * How long an ended Worker may take to unload the GPU's driver, in milliseconds: nothing tells when it
 * is done, and a process that ends while it happens crashes in the driver's exit handlers.
 */
const UNLOAD_MS = 300;

/** Longest wait before a restart, in milliseconds. */
const MAX_RESTART_DELAY_MS = 60_000;
/** How long the engine must have been ready for its next fault to be the first again. */
const STABLE_MS = 60_000;
/** How often the engine is looked at while it works, in milliseconds. */
const LOOK_MS = 1000;
/** How long figures are waited for, in milliseconds. */
const STATS_TIMEOUT_MS = 1000;

/** What comes as a whole. */
type Result = readonly Float32Array[] | readonly Translation[];

/** An answer as the main thread keeps it. */
interface Pending {
  sequences: number;
  listener: AnswerListener;
  accepted: PromiseWithResolvers<void>;
}

/**
 * Starts the engine in a Worker of its own, so that HTTP stays awake while it waits for the GPU.
 *
 * @example
 * ```ts ignore
 * await using engine = startEngine({
 *   models: [{ id: "nano", folder: "runs/nano/checkpoints/step-002000" }],
 *   cacheMemoryBytes: 256 << 20,
 *   maxBatch: 32,
 * });
 * await engine.ready;
 * ```
 */
export function startEngine(options: EngineOptions): Engine {
  return new WorkerEngine(options);
}

class WorkerEngine implements Engine {
  readonly ready: Promise<void>;
  readonly #options: EngineOptions;
  readonly #ready = Promise.withResolvers<void>();
  readonly #answers = new Map<number, Pending>();
  /** Embeddings and translations that are waited for. */
  readonly #results = new Map<number, PromiseWithResolvers<Result>>();
  readonly #asked = new Map<number, (stats: EngineStats) => void>();
  readonly #adapting = new Map<number, PromiseWithResolvers<LoadedModel | undefined>>();
  /** The adapters of each model now, which a restart brings back. */
  readonly #adapters: Map<string, AdapterSource[]>;
  #models: ReadonlyMap<string, ServedModel> = new Map();
  #state: EngineState = "loading";
  #worker?: Worker;
  #nextId = 0;
  #pending = 0;
  #faults = 0;
  #restart?: ReturnType<typeof setTimeout>;
  #readyAt = Infinity;
  /** When the engine last did something, or had nothing to do. */
  #movedAt = 0;
  #watch?: ReturnType<typeof setInterval>;
  /** Figures of the Workers before this one, and the last of this one. */
  #before = NO_STATS;
  #last = NO_STATS;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#adapters = new Map(options.models.map(({ id, adapters = [] }) => [id, [...adapters]]));
    this.ready = this.#ready.promise;
    this.ready.catch(() => {}); // whoever waits for it is told
    this.#start();
  }

  get state(): EngineState {
    return this.#state;
  }

  get models(): ReadonlyMap<string, ServedModel> {
    return this.#models;
  }

  get pending(): number {
    return this.#pending;
  }

  get places(): number {
    return this.#options.maxBatch * this.#options.models.length;
  }

  answer(request: AnswerRequest, listener: AnswerListener): Answer {
    const id = this.#begin();
    const accepted = Promise.withResolvers<void>();
    accepted.promise.catch(() => {}); // only requests with a format wait for it
    this.#answers.set(id, { sequences: request.sequences.length, listener, accepted });
    this.#pending += request.sequences.length;
    this.#post({ type: "answer", id, ...request });
    return { accepted: accepted.promise, cancel: () => this.#cancel(id) };
  }

  logits(
    model: string,
    texts: readonly Uint32Array[],
    signal: AbortSignal,
  ): Promise<Float32Array[]> {
    return this.embed(model, texts, signal);
  }

  async embed(
    model: string,
    prompts: readonly Uint32Array[],
    signal: AbortSignal,
  ): Promise<Float32Array[]> {
    const result = await this.#compute((id) => ({ type: "embed", id, model, prompts }), signal);
    return [...result as readonly Float32Array[]];
  }

  async translate(
    model: string,
    sources: readonly Uint32Array[],
    search: TranslationSearch,
    signal: AbortSignal,
  ): Promise<Translation[]> {
    this.#pending += sources.length;
    try {
      const message = (id: number) => ({ type: "translate", id, model, sources, search } as const);
      return [...await this.#compute(message, signal) as readonly Translation[]];
    } finally {
      this.#pending -= sources.length;
    }
  }

  /** Asks for what comes as a whole. */
  async #compute(message: (id: number) => ToEngine, signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted();
    const id = this.#begin();
    const result = Promise.withResolvers<Result>();
    const cancel = () => {
      this.#post({ type: "cancel", id });
      result.reject(signal.reason);
    };
    this.#results.set(id, result);
    signal.addEventListener("abort", cancel);
    this.#post(message(id));
    try {
      return await result.promise;
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#results.delete(id);
    }
  }

  async addAdapter(model: string, adapter: AdapterSource): Promise<void> {
    const { base = model } = this.#models.get(model) ?? {};
    const loaded = await this.#adapt((id) => ({ type: "add adapter", id, model: base, adapter }));
    this.#adapters.get(base)!.push(adapter);
    const served = await this.#served(loaded!);
    this.#models = new Map([...this.#models, [adapter.id, served]]);
  }

  async removeAdapter(adapter: string): Promise<void> {
    const { base } = this.#models.get(adapter) ?? {};
    if (base === undefined) throw new HttpError(404, `There is no adapter ${adapter}.`);
    this.#models = new Map([...this.#models].filter(([id]) => id !== adapter));
    const left = this.#adapters.get(base)!.filter(({ id }) => id !== adapter);
    this.#adapters.set(base, left);
    await this.#adapt((id) => ({ type: "remove adapter", id, adapter }));
  }

  async #adapt(message: (id: number) => ToEngine): Promise<LoadedModel | undefined> {
    const id = this.#begin();
    const result = Promise.withResolvers<LoadedModel | undefined>();
    this.#adapting.set(id, result);
    this.#post(message(id));
    try {
      return await result.promise;
    } finally {
      this.#adapting.delete(id);
    }
  }

  async stats(): Promise<EngineStats> {
    if (this.#state === "ready") {
      const id = this.#nextId++;
      const { promise, resolve } = Promise.withResolvers<EngineStats>();
      const timer = setTimeout(() => resolve(this.#last), STATS_TIMEOUT_MS);
      this.#asked.set(id, resolve);
      this.#post({ type: "stats", id });
      const stats = await promise;
      if (stats.steps > this.#last.steps) this.#movedAt = performance.now();
      this.#last = stats;
      clearTimeout(timer);
      this.#asked.delete(id);
    }
    return addStats(this.#before, this.#last);
  }

  /** Ends the Worker; resolves when it has let go of the GPU's driver. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = "closed";
    clearTimeout(this.#restart);
    this.#end("The engine was closed.");
    this.#ready.reject(new Error("The engine was closed before it was ready"));
    await new Promise((resolve) => setTimeout(resolve, UNLOAD_MS));
  }

  #begin(): number {
    if (this.#state !== "ready") {
      throw new HttpError(503, "The engine is not ready; try again soon.", {
        headers: { "retry-after": "2" },
      });
    }
    return this.#nextId++;
  }

  #start(): void {
    const { worker = new URL("./worker.ts", import.meta.url), ...options } = this.#options;
    const { maxBatch, cacheMemoryBytes, adapterPlaces } = options;
    const models = options.models.map(({ id, folder }) => ({
      ...{ id, folder, adapters: this.#adapters.get(id)! },
    }));
    this.#worker = new Worker(worker, { type: "module", name: "engine" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromEngine>) => this.#take(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(event.message);
    };
    this.#post({ type: "load", setup: { models, maxBatch, cacheMemoryBytes, adapterPlaces } });
  }

  #take(message: FromEngine): void {
    switch (message.type) {
      case "loaded":
        this.#loaded(message.models);
        break;
      case "failed":
        this.#failed(message.message);
        break;
      case "news":
        this.#movedAt = performance.now();
        for (const news of message.news) this.#tell(news);
        break;
      case "embedded":
        this.#results.get(message.id)?.resolve(message.vectors);
        break;
      case "translated":
        this.#results.get(message.id)?.resolve(message.translations);
        break;
      case "stats":
        this.#asked.get(message.id)?.(message.stats);
        break;
      case "adapted":
        this.#adapted(message);
        break;
      case "lost":
        this.#lose(message.message);
    }
  }

  #tell(news: AnswerNews): void {
    const { id } = news;
    if ("end" in news) this.#results.get(id)?.reject(errorOf(news.fault));
    const answer = this.#answers.get(id);
    if (!answer) return;
    if ("events" in news) answer.listener.events(news.events);
    else if ("accepted" in news) answer.accepted.resolve();
    else {
      this.#forget(id, answer);
      const error = news.fault && errorOf(news.fault);
      if (error) answer.accepted.reject(error);
      answer.listener.end(error);
    }
  }

  #cancel(id: number): void {
    const answer = this.#answers.get(id);
    if (!answer) return;
    this.#forget(id, answer);
    this.#post({ type: "cancel", id });
  }

  #forget(id: number, { sequences }: Pending): void {
    this.#answers.delete(id);
    this.#pending -= sequences;
  }

  async #loaded(models: readonly LoadedModel[]): Promise<void> {
    try {
      const served = await Promise.all(models.map((loaded) => this.#served(loaded)));
      if (this.#state === "closed") return;
      this.#models = new Map(served.map((model) => [model.id, model]));
      this.#state = "ready";
      this.#readyAt = performance.now();
      this.#watchSteps();
      this.#ready.resolve();
    } catch (error) {
      this.#failed((error as Error).message);
    }
  }

  /** A model with what its folder says; an adapter's says what is other than its base's. */
  async #served(loaded: LoadedModel): Promise<ServedModel> {
    const { id, base, vocabularySize } = loaded;
    const source = this.#options.models.find((model) => model.id === (base ?? id))!;
    if (base === undefined) {
      return { ...loaded, ...await readModelFolder(source.folder, vocabularySize) };
    }
    const { folder } = this.#adapters.get(base)!.find((adapter) => adapter.id === id)!;
    const own = await readModelFolder(folder, vocabularySize).catch((error) => {
      // PEFT's users need not keep the tokenizer beside an adapter.
      if (error instanceof Deno.errors.NotFound || error instanceof DataError) {
        return readModelFolder(source.folder, vocabularySize);
      }
      throw error;
    });
    return { ...loaded, ...own, task: await adapterTask(folder) };
  }

  #adapted({ id, model, refused }: Extract<FromEngine, { type: "adapted" }>): void {
    const waiting = this.#adapting.get(id);
    if (refused === undefined) waiting?.resolve(model);
    else waiting?.reject(new HttpError(400, refused));
  }

  /** Gives the Worker up where work waits and no step is done for too long. */
  #watchSteps(): void {
    const { stepTimeoutMs = 120_000 } = this.#options;
    this.#movedAt = performance.now();
    clearInterval(this.#watch);
    this.#watch = setInterval(() => {
      if (this.#answers.size + this.#results.size === 0) this.#movedAt = performance.now();
      else if (performance.now() - this.#movedAt < stepTimeoutMs) this.stats();
      else this.#lose(`no step was done within ${stepTimeoutMs / 1000} s`);
    }, Math.min(LOOK_MS, stepTimeoutMs / 4));
  }

  /** The models can't be loaded: for good at the start, until the next try after a fault. */
  #failed(message: string): void {
    if (this.#models.size > 0) return this.#lose(message);
    this.#state = "closed";
    this.#end(message);
    this.#ready.reject(new Error(message));
  }

  /** Ends what runs with an error and starts anew after a while. */
  #lose(message: string): void {
    if (this.#state === "closed") return;
    if (this.#models.size === 0) return this.#failed(message);
    if (performance.now() - this.#readyAt > STABLE_MS) this.#faults = 0;
    this.#readyAt = Infinity;
    const { restartDelayMs = 500, notify = () => {} } = this.#options;
    const delay = Math.min(MAX_RESTART_DELAY_MS, restartDelayMs * 2 ** this.#faults++);
    this.#state = "lost";
    this.#before = countersOf(addStats(this.#before, this.#last));
    this.#last = NO_STATS;
    this.#end(message);
    notify(`The GPU failed and is started anew in ${delay / 1000} s: ${message}`);
    clearTimeout(this.#restart);
    this.#restart = setTimeout(() => this.#start(), delay);
  }

  /** Ends the Worker and with an error all that was asked of it. */
  #end(message: string): void {
    clearInterval(this.#watch);
    this.#worker?.terminate();
    this.#worker = undefined;
    const error = errorOf({ refused: false, message });
    for (const [id, answer] of this.#answers) {
      this.#forget(id, answer);
      answer.accepted.reject(error);
      answer.listener.end(error);
    }
    for (const { reject } of this.#results.values()) reject(error);
    for (const { reject } of this.#adapting.values()) reject(error);
    for (const resolve of this.#asked.values()) resolve(NO_STATS);
  }

  #post(message: ToEngine): void {
    this.#worker?.postMessage(message);
  }
}

/** What an adapter was made for, whatever its base was; PEFT's folders do not say. */
async function adapterTask(folder: string): Promise<ModelTask | undefined> {
  try {
    return (await Gpt.readConfig(folder)).task;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** What the client is told of a fault; the engine's own words are for the log. */
function errorOf(fault = { refused: false, message: "No answer came" }): HttpError {
  if (fault.refused) return new HttpError(400, fault.message);
  return new HttpError(500, "The engine failed; what was answered so far is not whole.", {
    cause: new Error(fault.message),
  });
}
