import type { TaskBatch } from "../../data/mod.ts";
import type { Gpt } from "../gpt/mod.ts";
import { Evaluator } from "../trainer/mod.ts";

/** Rows of a batch. */
const ROWS = 8;

/** Tokens of the shortest rows; longer ones have a power of two. */
const SHORTEST = 16;

/**
 * Gives the logits of a model's head over classes for any texts, a few at a time.
 *
 * @example
 * ```ts
 * import { byteTokenizer, Classifier, Device, Gpt, PRESETS } from "@quern/quern";
 *
 * using device = await Device.open();
 * const shape = { ...PRESETS.nano, layers: 1, vocabularySize: 256, dropout: 0, bias: true, tie: true };
 * using model = Gpt.create(device, { ...shape, head: { of: "text", labels: ["a", "b"] } }, { seed: 1 });
 * using classifier = await Classifier.create(model);
 * const [logits] = await classifier.logits([byteTokenizer().encode("Hello")]);
 * console.log(logits.length); // 2
 * ```
 */
export class Classifier implements Disposable {
  /** Batches that were computed so far. */
  steps = 0;

  private constructor(
    readonly model: Gpt,
    private readonly evaluator: Evaluator,
    private readonly lengths: readonly number[],
  ) {}

  /**
   * Allocates what a batch of the longest texts needs.
   *
   * @throws {TypeError} if the model has no head over classes
   * @throws {GpuError} when out of GPU memory
   */
  static async create(model: Gpt): Promise<Classifier> {
    const { context, head } = model.config;
    if (!head) throw new TypeError("Cannot tell classes: the model has no head over classes");
    const lengths: number[] = [];
    for (let length = SHORTEST; length < context; length *= 2) lengths.push(length);
    lengths.push(context);
    const evaluator = await Evaluator.create(model, { B: ROWS, T: context, lengths });
    return new Classifier(model, evaluator, lengths);
  }

  /**
   * The logits of each text: [K] of a head over texts, [n, K] of one over its n tokens. They have the
   * same bits whatever texts stand beside it.
   *
   * @param texts token ids, 1 to as many as the context
   * @param options.signal ends the work after the batch under way
   * @throws {RangeError} if a text has no tokens or too many
   */
  async logits(
    texts: readonly Uint32Array[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Float32Array[]> {
    const { config: { context, head } } = this.model;
    const wrong = texts.find(({ length }) => length === 0 || length > context);
    if (wrong) {
      throw new RangeError(
        `Cannot tell classes: a text must have 1 to ${context} tokens, got ${wrong.length}`,
      );
    }
    const K = head!.labels.length;
    const found: Float32Array[] = [];
    const batches = ReadableStream.from(this.#batches(texts, signal));
    await this.evaluator.measure(batches, (batch, { logits }) => {
      this.steps++;
      batch.rows.forEach((row, b) => {
        if (row < 0) return;
        const [start, count] = head!.of === "text"
          ? [b * K, K]
          : [b * batch.T * K, batch.lengths[b] * K];
        found[row] = logits!.slice(start, start + count);
      });
    });
    return found;
  }

  /** Texts of like length together, each batch padded to the shortest of a few lengths. */
  *#batches(
    texts: readonly Uint32Array[],
    signal: AbortSignal | undefined,
  ): Generator<TaskBatch> {
    const order = [...texts.keys()].sort((a, b) => texts[a].length - texts[b].length);
    for (let first = 0; first < order.length; first += ROWS) {
      signal?.throwIfAborted();
      const rows = order.slice(first, first + ROWS);
      const longest = texts[rows[rows.length - 1]].length;
      const T = this.lengths.find((length) => length >= longest)!;
      const { multiLabel, labels } = this.model.config.head!;
      const batch: TaskBatch = {
        ...{ index: first / ROWS, B: ROWS, T },
        tokens: new Uint32Array(ROWS * T),
        targets: new Int32Array(ROWS * T).fill(-1),
        rows: new Int32Array(ROWS).fill(-1),
        lengths: new Uint32Array(ROWS),
        ...(multiLabel && { labels: new Float32Array(ROWS * labels.length) }),
      };
      rows.forEach((row, b) => {
        batch.rows[b] = row;
        batch.lengths[b] = texts[row].length;
        batch.tokens.set(texts[row], b * T);
      });
      yield batch;
    }
  }

  /** Frees its memory; the model keeps its own. */
  [Symbol.dispose](): void {
    this.evaluator[Symbol.dispose]();
  }
}
