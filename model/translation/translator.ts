import { MOST_TOP, type Recording } from "../../kernels/mod.ts";
import type { EncoderDecoder } from "../encoder_decoder/mod.ts";
import { type BeamOptions, BeamSearch, type NextTokens, type Translation } from "./beams.ts";
import { decodeStep, encodeSources } from "./decoder.ts";
import {
  createDecoderMemory,
  type DecoderMemory,
  type TranslationShape,
} from "./decoder_memory.ts";

/** Options of {@linkcode Translator.translate}. */
export interface TranslateOptions extends Partial<Omit<BeamOptions, "beams">> {
  /** Ends the work. @default never */
  signal?: AbortSignal;
}

/** Options of {@linkcode Translator.create}. */
export interface TranslatorOptions {
  /** Translations of a text that are followed side by side; 1 for greedy search. @default 4 */
  beams?: number;
  /** Texts that are translated together. @default 16 */
  batchSize?: number;
}

/** Most beams: each one's next tokens are twice as many, of which the GPU tells 20. */
export const MOST_BEAMS: number = MOST_TOP / 2;

/** A text of a batch, with how its translation is searched for. */
export interface TextToTranslate {
  /** Token ids, the end among them. */
  source: Uint32Array;
  /** Options of the search, as they are filled in. */
  search: Omit<BeamOptions, "beams">;
  /** Gives it up; the others of the batch go on. @default never */
  signal?: AbortSignal;
}

/**
 * Translates with an encoder–decoder by beam search, many texts at a time. What attention needs of the
 * source is computed once for a text, what it needs of the translation once for a token.
 *
 * @example
 * ```ts
 * import { Device, EncoderDecoder, Translator } from "@quern/quern";
 *
 * using device = await Device.open();
 * using model = EncoderDecoder.create(device, {
 *   ...{ encoderLayers: 1, decoderLayers: 1, heads: 4, channels: 64, context: 16 },
 *   ...{ vocabularySize: 300, outputSize: 200, dropout: 0, tie: true, scaleEmbedding: false },
 *   ...{ padId: 0, startId: 1, endId: 2 },
 * }, { seed: 1 });
 * using translator = await Translator.create(model, { beams: 2 });
 * const [{ tokens }] = await translator.translate([Uint32Array.of(5, 6, 7, 2)], { maxTokens: 8 });
 * console.log(tokens.length <= 8); // true
 * ```
 */
export class Translator implements Disposable {
  private constructor(
    readonly model: EncoderDecoder,
    readonly shape: TranslationShape,
    private readonly memory: DecoderMemory,
    private readonly recordings: { encode: Recording; steps: [Recording, Recording] },
  ) {}

  /**
   * Allocates and records what translating needs. The model's weights as they are now count.
   *
   * @throws {RangeError} if an option is out of its range
   * @throws {GpuError} when out of GPU memory
   */
  static async create(
    model: EncoderDecoder,
    { beams = 4, batchSize = 16 }: TranslatorOptions = {},
  ): Promise<Translator> {
    assertWhole("beams", beams, MOST_BEAMS);
    assertWhole("batchSize", batchSize, 4096 / beams);
    const { device, config: { context } } = model;
    const shape = { texts: batchSize, beams, context };
    using stack = new DisposableStack();
    const memory = stack.use(await createDecoderMemory(model, shape));
    const rows = batchSize * beams;
    memory.picks.write(
      Uint32Array.from({ length: 4 * rows }, (_, i) => [i >> 2, 0, 0, 1 + MOST_TOP][i % 4]),
    );
    const step = async (turn: 0 | 1) =>
      stack.use(
        await device.record("decode", (pass) => decodeStep(pass, model, memory, shape, turn)),
      );
    const recordings = {
      encode: stack.use(
        await device.record("encode", (pass) => encodeSources(pass, model, memory)),
      ),
      steps: [await step(0), await step(1)] as [Recording, Recording],
    };
    const translator = new Translator(model, shape, memory, recordings);
    translator.#stack = stack.move();
    return translator;
  }

  #stack = new DisposableStack();

  /**
   * Translates texts.
   *
   * @param sources token ids of each, its end among them; see `sourceIds`
   * @returns the best translation of each, in order
   * @throws {RangeError} if a text is empty or longer than the context, or an option out of its range
   */
  async translate(
    sources: readonly Uint32Array[],
    options: TranslateOptions = {},
  ): Promise<Translation[]> {
    const { texts, context } = this.shape;
    const { signal } = options;
    const search = checkTranslation(sources, options, context);
    const order = sources.map((_, i) => i).sort((a, b) => sources[a].length - sources[b].length);
    const found: Translation[] = new Array(sources.length);
    // Texts of like length take like many steps.
    for (let at = 0; at < order.length; at += texts) {
      const some = order.slice(at, at + texts);
      const best = await this.translateBatch(
        some.map((i) => ({ source: sources[i], search, signal })),
      );
      signal?.throwIfAborted();
      some.forEach((i, n) => found[i] = best[n]);
    }
    return found;
  }

  /**
   * Translates as many texts at once as there is room for; nothing else may be translated meanwhile.
   *
   * @param batch checked texts
   * @param onStep told after each step of the decoder, how many rows it had
   * @returns the best translation of each, of one that was given up what there was
   */
  async translateBatch(
    batch: readonly TextToTranslate[],
    onStep: (rows: number) => void = () => {},
  ): Promise<Translation[]> {
    const { texts, beams, context: T } = this.shape;
    const { device, config } = this.model;
    const m = this.memory;
    const tokens = new Uint32Array(texts * T).fill(config.padId);
    const lengths = new Uint32Array(texts);
    batch.forEach(({ source }, b) => {
      tokens.set(source, b * T);
      lengths[b] = source.length;
    });
    m.encoder.tokens.write(tokens);
    m.encoder.lengths!.write(lengths);
    this.recordings.encode.run();
    const searches = batch.map(({ search }) => new BeamSearch({ ...search, beams }, config));
    const isOver = (search: BeamSearch, b: number) => search.isDone || batch[b].signal?.aborted;
    for (let t = 0; t < T && !searches.every(isOver); t++) {
      this.#writeStep(searches, t);
      this.recordings.steps[t % 2 as 0 | 1].run();
      const [ids, values] = await device.read([m.ids, m.values]);
      const next = nextTokens(new Uint32Array(ids), new Float32Array(values));
      searches.forEach((search, b) => search.advance(next.slice(b * beams, (b + 1) * beams)));
      onStep(searches.length * beams);
    }
    return searches.map(({ best }) => best);
  }

  /** Copies what step t needs to the GPU: tokens, and where keys and values come from. */
  #writeStep(searches: readonly BeamSearch[], t: number): void {
    const { texts, beams, context: T } = this.shape;
    const m = this.memory;
    const R = texts * beams;
    const tokens = new Uint32Array(R);
    const from = new Uint32Array(R * T);
    for (let r = 0; r < R; r++) {
      const [b, beam] = [Math.floor(r / beams), r % beams];
      const search = searches.at(b);
      tokens[r] = search?.tokens[beam] ?? 0;
      const parent = b * beams + (search?.parents[beam] ?? 0);
      for (let p = 0; p < t; p++) from[r * T + p] = parent * T + p;
      from[r * T + t] = R * T + r;
    }
    m.tokens.write(tokens);
    m.from.write(from);
    m.positions.write(new Uint32Array(R).fill(t));
    m.lengths.write(new Uint32Array(R).fill(t + 1));
  }

  /** Frees what was allocated for it; the model keeps its own. */
  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

/** The likeliest tokens of each row, which stand behind the row's own. */
function nextTokens(ids: Uint32Array, values: Float32Array): NextTokens[] {
  const width = 1 + MOST_TOP;
  return Array.from({ length: ids.length / width }, (_, r) => ({
    ids: ids.subarray(r * width + 1, (r + 1) * width),
    values: values.subarray(r * width + 1, (r + 1) * width),
  }));
}

/**
 * Fills in how translations are searched for, and checks it and the texts.
 *
 * @throws {RangeError} if a text is empty or longer than the context, or an option out of its range
 */
export function checkTranslation(
  sources: readonly Uint32Array[],
  { lengthPenalty = 1, noRepeatNgram = 0, maxTokens }: Partial<BeamOptions>,
  context: number,
): TextToTranslate["search"] {
  assertWhole("maxTokens", maxTokens ?? context, context);
  sources.forEach(({ length }, i) => {
    if (length >= 1 && length <= context) return;
    throw new RangeError(
      `Cannot translate text ${i}: wanted 1 to ${context} tokens, got ${length}; shorten it`,
    );
  });
  return { lengthPenalty, noRepeatNgram, maxTokens: maxTokens ?? context };
}

/** @throws {RangeError} unless it is a whole number from 1 to `most` */
export function assertWhole(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new RangeError(
    `Cannot translate: ${name} must be a whole number from 1 to ${Math.floor(most)}, got ${value}`,
  );
}
