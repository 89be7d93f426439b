import type { ClassHead } from "../config.ts";
import type { Head } from "../gpt/mod.ts";
import type { AnyBatch } from "../network.ts";

/** What the loss of a batch is taken from. */
export interface BatchTargets {
  /** Which of B·T rows a head over texts reads, [B]. */
  rows?: Uint32Array<ArrayBuffer>;
  /** [B·T], or [B] with a head over texts. */
  targets: Int32Array<ArrayBuffer>;
  /** Weight of each target: the batch's, or 1; 0 where there is no target. */
  weights: Float32Array<ArrayBuffer>;
  /** [B, K], where a text may be of several classes. */
  labels?: Float32Array<ArrayBuffer>;
}

/**
 * The targets of a batch as a model's head takes them.
 *
 * @throws {TypeError} where a head over texts gets rows that are no texts
 */
export function batchTargets(batch: AnyBatch, head: ClassHead | undefined): BatchTargets {
  const { targets, weights } = batch;
  if (head?.of !== "text") {
    const weightOf = (target: number, i: number) => target < 0 ? 0 : weights?.[i] ?? 1;
    return {
      targets: targets as Int32Array<ArrayBuffer>,
      weights: Float32Array.from(targets, weightOf),
    };
  }
  if (!("lengths" in batch) || (head.multiLabel && !batch.labels)) {
    throw new TypeError(
      "Cannot train a head over texts on these batches: wanted the batches of a task, with the " +
        "length of each row and its class; see taskBatches",
    );
  }
  const { lengths, labels, T } = batch;
  const rows = Uint32Array.from(lengths, (length, b) => b * T + Math.max(0, length - 1));
  const told = Int32Array.from(rows, (row) => targets[row]);
  return {
    rows,
    targets: told,
    weights: Float32Array.from(
      rows,
      (row, b) => head.multiLabel || told[b] >= 0 ? weights?.[row] ?? 1 : 0,
    ),
    ...(head.multiLabel && { labels: labels as Float32Array<ArrayBuffer> }),
  };
}

/** Copies the targets of a batch to the GPU. */
export function writeTargets(
  { targets, weights, texts, labels }: Head,
  batch: BatchTargets,
): void {
  if (batch.rows) texts!.rows.write(batch.rows);
  targets.write(batch.targets);
  weights.write(batch.weights);
  if (batch.labels) labels!.write(batch.labels);
}

/** Sum of numbers. */
export function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}
