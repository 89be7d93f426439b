import { countTaskBatches, type TaskBatchesOptions } from "../../data/mod.ts";
import type { Task } from "./task.ts";

/** Options of batches that a command has. */
export interface BatchOptions {
  batchSize: number;
}

/** How a task's examples become batches. */
export interface TaskRows {
  /** Lengths that rows are padded to, those that are used, rising. */
  lengths: number[];
  /** The longest of them. */
  context: number;
  /** Options of all batches. */
  options(
    options: BatchOptions,
  ): Pick<TaskBatchesOptions, "batchSize" | "context" | "lengths" | "padId" | "classes">;
  /** Batches of an epoch. */
  batches(options: BatchOptions): number;
}

/**
 * Finds the row lengths that a task's examples need: 16, 24, 32, 48, 64 and so on, up to the context.
 *
 * @param least length; the sides of pairs are short enough for 8 to save a third of the work
 */
export function planRows({ sets, head }: Task, context: number, least = 16): TaskRows {
  const all: number[] = [];
  for (let length = least; length < context; length *= 2) all.push(length, length * 3 / 2);
  const steps = [...all.filter((length) => length < context), context];
  const used = new Set<number>();
  for (const set of Object.values(sets)) {
    for (let i = 0; i < set.length; i++) {
      used.add(steps.find((length) => length >= set.lengthOf(i)) ?? context);
    }
  }
  const lengths = steps.filter((length) => used.has(length));
  const longest = lengths[lengths.length - 1];
  const options = ({ batchSize }: BatchOptions) => ({
    ...{ batchSize, context: longest, lengths, classes: head?.labels.length ?? 0 },
    ...(head?.padId !== undefined && { padId: head.padId }),
  });
  return {
    ...{ lengths, context: longest, options },
    batches: (given) =>
      countTaskBatches(sets.train, { ...options(given), order: "shuffled", seed: 1 }).batches,
  };
}

/** A line on the batches of an epoch and how much of them is padding. */
export function describeRows({ sets }: Task, rows: TaskRows, given: BatchOptions): string {
  const options = { ...rows.options(given), order: "shuffled", seed: 1 } as const;
  const { batches, padding, shapes } = countTaskBatches(sets.train, options);
  const lengths = shapes.map(({ T, batches }) => `${batches} of ${T} tokens`).join(", ");
  return `batches of ${given.batchSize} rows in an epoch: ${batches} (${lengths}), ` +
    `${(100 * padding).toFixed(0)}% padding`;
}
