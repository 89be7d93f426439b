import { type Batch, permutation } from "../loader/mod.ts";
import type { ExampleSet } from "./example_set.ts";

/** A batch of a task's examples, each padded at its end. */
export interface TaskBatch extends Batch {
  /** [B] which example of the set each row is; -1 for a row that only fills the batch up. */
  rows: Int32Array;
  /** [B] tokens of each row before its padding; a head over sequences reads the last of them. */
  lengths: Uint32Array;
  /** What an encoder reads: [B, T] token ids, and the tokens of each row before its padding, [B]. */
  source?: { tokens: Uint32Array; lengths: Uint32Array };
  /**
   * [B, K] 1 for each class of a row, where a text may have several; then targets are all -1, and the
   * row's weight stands at its last token.
   */
  labels?: Float32Array;
}

/** Options of {@linkcode taskBatches}. */
export interface TaskBatchesOptions {
  /** Rows of a batch, B. */
  batchSize: number;
  /** Most tokens of a row. */
  context: number;
  /** `shuffled`: each epoch in another order; `sequential`: as in the set. */
  order: "shuffled" | "sequential";
  /** Picks the orders; a whole number of at least 0. Ignored in sequential order. */
  seed: number;
  /** Index of the first batch. @default 0 */
  start?: number;
  /** Ends after so many epochs. @default never */
  epochs?: number;
  /** Lengths that rows are padded to, T, rising. @default powers of two from 16, and the context */
  lengths?: readonly number[];
  /** Fills rows up; no loss or head ever reads it. @default 0 */
  padId?: number;
  /** Number of classes, K, where a text may have several labels. */
  classes?: number;
}

/**
 * Batches of examples of like length, each padded to the shortest of a few lengths that holds it, so
 * that the model is built for a few shapes and little is padding. An epoch has every example once;
 * where a length has no full batch left at its end, rows without tokens fill it up.
 *
 * Padding stands behind a row's tokens, which a causal model never sees from before; its targets are
 * -1 and its weights 0. The order of batches is a function of the set, the options and the epoch
 * alone. Memory: a batch for each length.
 *
 * @throws {RangeError} where an option is out of range, or the set is empty or has an example longer
 * than the longest length
 * @example
 * ```ts
 * import { ExampleSet, taskBatches } from "@quern/quern";
 * const set = new ExampleSet();
 * for (let line = 1; line <= 5; line++) {
 *   const tokens = new Uint32Array(4 * line).fill(7);
 *   const place = { path: "a.tsv", line, offset: 0 };
 *   set.add({ tokens, targets: new Int32Array(tokens.length).fill(-1), place });
 * }
 * const options = { batchSize: 2, context: 32, order: "shuffled", seed: 1, epochs: 1 } as const;
 * for await (const { T, rows } of taskBatches(set, options)) console.log(T, rows);
 * ```
 */
export function taskBatches(
  examples: ExampleSet,
  options: TaskBatchesOptions,
): ReadableStream<TaskBatch> {
  const { start = 0, epochs = Infinity } = options;
  const lengths = checkedLengths(examples, options);
  function* make(): Generator<TaskBatch> {
    let index = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const { T, rows } of plan(examples, lengths, options, epoch)) {
        if (index >= start) yield fill(index, T, rows, examples, options);
        index++;
      }
    }
  }
  const made = make();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = made.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 1 });
}

/** Batches of one epoch, and what share of their tokens is padding. */
export function countTaskBatches(
  examples: ExampleSet,
  options: TaskBatchesOptions,
): { batches: number; padding: number; shapes: { T: number; batches: number }[] } {
  const shapes = new Map<number, number>();
  let [batches, all, tokens] = [0, 0, 0];
  for (const { T } of plan(examples, checkedLengths(examples, options), options, 0)) {
    batches++;
    all += T * options.batchSize;
    shapes.set(T, (shapes.get(T) ?? 0) + 1);
  }
  for (let i = 0; i < examples.length; i++) tokens += examples.lengthOf(i);
  return {
    batches,
    padding: 1 - tokens / all,
    shapes: [...shapes].sort(([a], [b]) => a - b).map(([T, count]) => ({ T, batches: count })),
  };
}

/** Which examples stand in which batch of an epoch: each batch goes out once it is full. */
function* plan(
  examples: ExampleSet,
  lengths: readonly number[],
  { batchSize, order, seed }: TaskBatchesOptions,
  epoch: number,
): Generator<{ T: number; rows: number[] }> {
  const permute = order === "shuffled"
    ? permutation(examples.length, seed, epoch)
    : (index: number) => index;
  const open = lengths.map((): number[] => []);
  for (let i = 0; i < examples.length; i++) {
    const row = permute(i);
    const bucket = lengths.findIndex((length) => length >= examples.lengthOf(row));
    open[bucket].push(row);
    if (open[bucket].length < batchSize) continue;
    yield { T: lengths[bucket], rows: open[bucket] };
    open[bucket] = [];
  }
  for (let i = 0; i < open.length; i++) {
    if (open[i].length > 0) yield { T: lengths[i], rows: open[i] };
  }
}

function fill(
  index: number,
  T: number,
  rows: readonly number[],
  examples: ExampleSet,
  { batchSize: B, padId = 0, classes = 0 }: TaskBatchesOptions,
): TaskBatch {
  const batch: TaskBatch = {
    ...{ index, B, T },
    tokens: new Uint32Array(B * T).fill(padId),
    targets: new Int32Array(B * T).fill(-1),
    weights: new Float32Array(B * T),
    rows: new Int32Array(B).fill(-1),
    lengths: new Uint32Array(B),
    ...(examples.hasSources && {
      source: { tokens: new Uint32Array(B * T).fill(padId), lengths: new Uint32Array(B) },
    }),
    ...(examples.severalLabels && { labels: new Float32Array(B * classes) }),
  };
  rows.forEach((row, b) => {
    const { tokens, targets, source, weight = 1, labels = [] } = examples.at(row);
    batch.rows[b] = row;
    batch.lengths[b] = tokens.length;
    batch.tokens.set(tokens, b * T);
    batch.targets.set(targets, b * T);
    if (source) {
      batch.source!.tokens.set(source, b * T);
      batch.source!.lengths[b] = source.length;
    }
    for (let t = 0; t < targets.length; t++) {
      if (targets[t] >= 0) batch.weights![b * T + t] = weight;
    }
    if (!batch.labels) return;
    batch.weights![b * T + tokens.length - 1] = weight;
    for (const label of labels) batch.labels[b * classes + label] = 1;
  });
  return batch;
}

function checkedLengths(examples: ExampleSet, options: TaskBatchesOptions): number[] {
  const { batchSize, context, order, seed, start = 0, epochs } = options;
  const whole = (name: string, value: number, least: number) => {
    if (Number.isSafeInteger(value) && value >= least) return;
    throw new RangeError(
      `Cannot make batches: ${name} must be a whole number of at least ${least}, got ${value}`,
    );
  };
  whole("batchSize", batchSize, 1);
  whole("context", context, 1);
  whole("seed", seed, 0);
  whole("start", start, 0);
  if (epochs !== undefined) whole("epochs", epochs, 1);
  if (examples.severalLabels) whole("classes", options.classes ?? 0, 1);
  if (order !== "shuffled" && order !== "sequential") {
    throw new RangeError(`Cannot make batches: order must be shuffled or sequential, got ${order}`);
  }
  if (examples.length === 0) {
    throw new RangeError("Cannot make batches: wanted at least one example, got none");
  }
  const lengths = [...options.lengths ?? defaultLengths(context)];
  if (
    lengths.some((length, i) => !Number.isSafeInteger(length) || length <= (lengths[i - 1] ?? 0))
  ) {
    throw new RangeError(
      `Cannot make batches: lengths must be whole numbers that rise, got ${lengths.join(", ")}`,
    );
  }
  const { longest } = examples;
  if (longest > lengths[lengths.length - 1]) {
    throw new RangeError(
      `Cannot make batches: an example has ${longest} tokens, more than the longest row of ` +
        `${lengths[lengths.length - 1]}; have it cut when it is encoded`,
    );
  }
  return lengths;
}

function defaultLengths(context: number): number[] {
  const lengths: number[] = [];
  for (let length = 16; length < context; length *= 2) lengths.push(length);
  return [...lengths, context];
}
