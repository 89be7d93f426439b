import type { Tokens } from "../tokens.ts";
import { permutation } from "./permutation.ts";

/** B rows of T tokens and what follows each of them. */
export interface Batch {
  /** Place in the stream, from 0. */
  index: number;
  /** Number of rows. */
  B: number;
  /** Tokens of a row. */
  T: number;
  /** [B, T] token ids. */
  tokens: Uint32Array;
  /** [B, T] the id that follows each token; -1 where none counts. */
  targets: Int32Array;
  /** [B, T] weight of each target's loss; all are 1 where it is absent. */
  weights?: Float32Array;
  /**
   * [B, T] the place in its row where each token's document begins. Attention within documents lets
   * the token at t see those from there to t; its position in its document is t less that. Rows are
   * of one document where it is absent.
   */
  documentStarts?: Uint32Array;
}

/** Options of `batches`. */
export interface BatchesOptions {
  /** Rows of a batch, B. */
  batchSize: number;
  /** Tokens of a row, T. */
  context: number;
  /** `shuffled`: each epoch is a new permutation of all rows; `sequential`: as in the text. */
  order: "shuffled" | "sequential";
  /** Picks the permutations; a whole number of at least 0. Ignored in sequential order. */
  seed: number;
  /** Index of the first batch. @default 0 */
  start?: number;
}

/**
 * An endless stream of batches. Row r is the tokens r·T to r·T + T, so neighbours share the border
 * token; there are ⌊(n - 1) / T⌋ rows and a last short one is left out. Batch b depends on nothing
 * but the tokens, the options and b, so a stream resumes at any `start` at once.
 *
 * Sequential: batch b is rows b·B to b·B + B - 1; a last short batch is left out, then the text
 * starts again. Shuffled: all rows of an epoch come before the next epoch begins, also within a
 * batch.
 *
 * @throws {RangeError} where an option is out of range or the text is too short
 * @example
 * ```ts
 * import { batches } from "@quern/quern";
 * const tokens = Uint16Array.from({ length: 100 }, (_, i) => i);
 * const stream = batches(tokens, { batchSize: 2, context: 8, order: "shuffled", seed: 1 });
 * for await (const batch of stream) {
 *   console.log(batch.index, batch.tokens, batch.targets);
 *   if (batch.index === 3) break;
 * }
 * ```
 */
export function batches(tokens: Tokens, options: BatchesOptions): ReadableStream<Batch> {
  const { batchSize: B, context: T, order, seed, start = 0 } = options;
  assertShape(B, T);
  assertWhole("seed", seed, 0);
  assertWhole("start", start, 0);
  if (order !== "shuffled" && order !== "sequential") {
    throw new RangeError(`Cannot make batches: order must be shuffled or sequential, got ${order}`);
  }
  if (tokens.length < T + 1) {
    throw new RangeError(
      `Cannot make a row of ${
        T + 1
      } tokens (context ${T} and the one that follows): the text has ` +
        `only ${tokens.length}; give more text, a smaller context or a smaller validation fraction`,
    );
  }
  const rows = Math.floor((tokens.length - 1) / T);
  if (rows > 2 ** 32) {
    throw new RangeError(`Cannot make batches: rows must be at most 2³², got ${rows}`);
  }
  if (order === "sequential" && rows < B) {
    throw new RangeError(
      `Cannot make a sequential batch of ${B} rows of ${T + 1} tokens: the text has only ` +
        `${rows} rows; give more text, a smaller batch size or a smaller context`,
    );
  }

  const rowAt = order === "sequential" ? sequentialRows(rows, B) : shuffledRows(rows, B, seed);
  let index = start;
  return new ReadableStream<Batch>({
    pull(controller) {
      const batch = emptyBatch(index, B, T);
      for (let i = 0; i < B; i++) copyRow(batch, i, tokens, rowAt(index, i));
      controller.enqueue(batch);
      index++;
    },
  }, { highWaterMark: 1 });
}

/** Options of `evaluationBatches`. */
export interface EvaluationBatchesOptions {
  /** Rows of a batch, B. */
  batchSize: number;
  /** Tokens of a row, T. */
  context: number;
  /** Stops after so many batches. @default all */
  limit?: number;
}

/**
 * A finite stream of batches that holds each token but the first exactly once as a target, in the
 * order of the text. The last row may be short and the last batch may lack rows: both are filled
 * with token 0 and target -1.
 *
 * @param tokens of the text, or the parts of them as they come, of which no more than one is held
 * @throws {RangeError} where an option is out of range or there are fewer than 2 tokens
 */
export function evaluationBatches(
  tokens: Tokens | AsyncIterable<Tokens>,
  options: EvaluationBatchesOptions,
): ReadableStream<Batch> {
  const { batchSize, context, limit } = options;
  assertShape(batchSize, context);
  if (limit !== undefined) assertWhole("limit", limit, 1);
  const isWhole = ArrayBuffer.isView(tokens);
  if (isWhole) assertTarget(tokens.length);
  return ReadableStream.from(evaluate(isWhole ? [tokens] : tokens, options));
}

async function* evaluate(
  parts: Iterable<Tokens> | AsyncIterable<Tokens>,
  { batchSize: B, context: T, limit = Infinity }: EvaluationBatchesOptions,
): AsyncGenerator<Batch> {
  let batch = emptyBatch(0, B, T);
  let filled = 0;
  let count = 0;
  let last = 0;
  for await (const ids of parts) {
    for (const id of ids) {
      if (count++ > 0) {
        batch.tokens[filled] = last;
        batch.targets[filled++] = id;
      }
      last = id;
      if (filled < B * T) continue;
      yield batch;
      if (batch.index + 1 === limit) return;
      batch = emptyBatch(batch.index + 1, B, T);
      filled = 0;
    }
  }
  assertTarget(count);
  if (filled > 0) yield batch;
}

function assertTarget(tokens: number): void {
  if (tokens >= 2) return;
  throw new RangeError(
    `Cannot evaluate: wanted at least 2 tokens, one and its target, got ${tokens}; give more text ` +
      "or a larger validation fraction",
  );
}

function sequentialRows(rows: number, B: number): (batch: number, i: number) => number {
  const batchesOfEpoch = Math.floor(rows / B);
  return (batch, i) => (batch % batchesOfEpoch) * B + i;
}

function shuffledRows(
  rows: number,
  B: number,
  seed: number,
): (batch: number, i: number) => number {
  let epoch = 0;
  let permute = permutation(rows, seed, epoch);
  return (batch, i) => {
    const position = batch * B + i;
    const wanted = Math.floor(position / rows);
    if (wanted !== epoch) permute = permutation(rows, seed, epoch = wanted);
    return permute(position - wanted * rows);
  };
}

function emptyBatch(index: number, B: number, T: number): Batch {
  return { index, B, T, tokens: new Uint32Array(B * T), targets: new Int32Array(B * T).fill(-1) };
}

/** Copies row `row` of the text into row `i` of the batch. */
function copyRow(batch: Batch, i: number, tokens: Tokens, row: number): void {
  const start = row * batch.T;
  const end = start + batch.T;
  batch.tokens.set(tokens.subarray(start, end), i * batch.T);
  batch.targets.set(tokens.subarray(start + 1, end + 1), i * batch.T);
}

function assertShape(batchSize: number, context: number): void {
  assertWhole("batchSize", batchSize, 1);
  assertWhole("context", context, 1);
}

function assertWhole(name: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new RangeError(
    `Cannot make batches: ${name} must be a whole number of at least ${minimum}, got ${value}`,
  );
}
