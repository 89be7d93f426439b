import type { EncoderDecoder } from "../encoder_decoder/mod.ts";
import type { Translation } from "./beams.ts";
import {
  assertWhole,
  checkTranslation,
  MOST_BEAMS,
  type TextToTranslate,
  type TranslateOptions,
  Translator,
} from "./translator.ts";

/** Most rows of a step: a step stays short for whoever else waits for the GPU. */
const MOST_ROWS = 32;

/** Most bytes of the keys and values of one layer, of which there are two for each. */
const MOST_BYTES = 64 << 20;

/** Options of {@linkcode TranslationQueue.translate}. */
export interface QueuedTranslateOptions extends TranslateOptions {
  /** Translations of a text that are followed side by side, at most 10. @default 4 */
  beams?: number;
}

/** What a queue has done so far, and is doing. */
export interface TranslationStats {
  /** Texts that are being translated. */
  running: number;
  /** Texts that wait. */
  waiting: number;
  /** Most texts that are translated at once, with one beam. */
  places: number;
  /** Steps of the decoder. */
  steps: number;
  /** Rows of all steps, a beam of a text each. */
  rows: number;
}

/** Texts that were asked for together. */
interface Request {
  beams: number;
  search: TextToTranslate["search"];
  signal?: AbortSignal;
  sources: readonly Uint32Array[];
  /** Indices of those that wait, the longest first. */
  waiting: number[];
  found: Translation[];
  missing: number;
  done: PromiseWithResolvers<Translation[]>;
}

/**
 * Translates for many who ask at once: texts of different requests share a batch where they are searched
 * for with as many beams, one of each request in turn. A text has the same translation whatever stands
 * beside it.
 *
 * @example
 * ```ts
 * import { Device, EncoderDecoder, TranslationQueue } from "@quern/quern";
 *
 * using device = await Device.open();
 * using model = EncoderDecoder.create(device, {
 *   ...{ encoderLayers: 1, decoderLayers: 1, heads: 4, channels: 64, context: 16 },
 *   ...{ vocabularySize: 300, outputSize: 200, dropout: 0, tie: true, scaleEmbedding: false },
 *   ...{ padId: 0, startId: 1, endId: 2 },
 * }, { seed: 1 });
 * using queue = new TranslationQueue(model);
 * const texts = [Uint32Array.of(5, 6, 2), Uint32Array.of(7, 2)];
 * const found = await Promise.all(texts.map((text) => queue.translate([text], { beams: 1 })));
 * console.log(found.length); // 2
 * ```
 */
export class TranslationQueue implements Disposable {
  #requests: Request[] = [];
  /** That of the beams that were asked for last. */
  #translator: Translator | undefined;
  #loop: Promise<void> | undefined;
  #running = 0;
  #counts = { steps: 0, rows: 0 };

  /**
   * Begins without texts.
   *
   * @param model to translate with; its weights must stay as they are
   */
  constructor(readonly model: EncoderDecoder) {}

  /**
   * Translates texts as soon as their turn comes.
   *
   * @param sources token ids of each, its end among them; see `sourceIds`
   * @returns the best translation of each, in order
   * @throws {RangeError} if a text is empty or longer than the context, or an option out of its range
   * @throws {GpuError} if the device fails
   */
  async translate(
    sources: readonly Uint32Array[],
    { beams = 4, signal, ...options }: QueuedTranslateOptions = {},
  ): Promise<Translation[]> {
    signal?.throwIfAborted();
    assertWhole("beams", beams, MOST_BEAMS);
    const search = checkTranslation(sources, options, this.model.config.context);
    if (sources.length === 0) return [];
    const done = Promise.withResolvers<Translation[]>();
    const request: Request = {
      ...{ beams, search, signal, sources, done },
      waiting: [...sources.keys()].sort((a, b) => sources[b].length - sources[a].length),
      ...{ found: new Array(sources.length), missing: sources.length },
    };
    const giveUp = () => {
      this.#requests = this.#requests.filter((other) => other !== request);
      done.reject(signal!.reason);
    };
    signal?.addEventListener("abort", giveUp);
    this.#requests.push(request);
    this.#loop ??= this.#run();
    try {
      return await done.promise;
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** What is going on, and what has been done since the beginning. */
  get stats(): TranslationStats {
    const waiting = this.#requests.reduce((sum, request) => sum + request.waiting.length, 0);
    return { running: this.#running, waiting, places: this.#textsOf(1), ...this.#counts };
  }

  async #run(): Promise<void> {
    // Requests that come in one turn of the event loop begin together.
    await new Promise((resolve) => setTimeout(resolve, 0));
    let batch: [Request, number][] = [];
    try {
      while (this.#requests.length > 0) {
        batch = this.#takeBatch();
        await this.#translate(batch);
      }
    } catch (error) {
      const failed = new Set([...this.#requests, ...batch.map(([request]) => request)]);
      this.#requests = [];
      for (const { done } of failed) done.reject(error);
    } finally {
      this.#running = 0;
      this.#loop = undefined;
    }
  }

  async #translate(batch: readonly [Request, number][]): Promise<void> {
    this.#running = batch.length;
    const translator = await this.#translatorFor(batch[0][0].beams);
    const texts = batch.map(([{ sources, search, signal }, i]) => ({
      ...{ source: sources[i], search, signal },
    }));
    const found = await translator.translateBatch(texts, (rows) => {
      this.#counts.steps++;
      this.#counts.rows += rows;
    });
    batch.forEach(([request, i], n) => {
      request.found[i] = found[n];
      if (--request.missing === 0) request.done.resolve(request.found);
    });
    this.#running = 0;
  }

  /** The texts whose turn it is: one of each request with the first one's beams, until all places are taken. */
  #takeBatch(): [Request, number][] {
    const [{ beams }] = this.#requests;
    const isSame = (request: Request) => request.beams === beams;
    const turn = this.#requests.filter(isSame);
    const batch: [Request, number][] = [];
    for (let room = this.#textsOf(beams); room > 0 && turn.length > 0; room--) {
      const request = turn.shift()!;
      batch.push([request, request.waiting.pop()!]);
      if (request.waiting.length > 0) turn.push(request);
    }
    // Those with other beams come first the next time.
    this.#requests = [...this.#requests.filter((request) => !isSame(request)), ...turn];
    return batch;
  }

  /** How many texts there is room for. */
  #textsOf(beams: number): number {
    const { context, channels } = this.model.config;
    const bytes = 4 * context * 2 * channels;
    return Math.max(1, Math.floor(Math.min(MOST_ROWS, MOST_BYTES / bytes) / beams));
  }

  /** One at a time, so that its memory is bounded whatever clients ask for. */
  async #translatorFor(beams: number): Promise<Translator> {
    if (this.#translator?.shape.beams === beams) return this.#translator;
    this.#translator?.[Symbol.dispose]();
    this.#translator = undefined;
    const batchSize = this.#textsOf(beams);
    return this.#translator = await Translator.create(this.model, { beams, batchSize });
  }

  /** Frees its memory; nothing may be under way. The model keeps its own. */
  [Symbol.dispose](): void {
    this.#translator?.[Symbol.dispose]();
  }
}
