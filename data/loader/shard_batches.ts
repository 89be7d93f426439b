import { DataError } from "../errors.ts";
import type { ShardSet } from "../shards/mod.ts";
import type { Tokens } from "../tokens.ts";
import type { Batch } from "./batches.ts";
import { copyRow, emptyBatch } from "./row_batch.ts";
import { RowReader } from "./row_reader.ts";
import {
  assertOptions,
  assertWhole,
  makeMixture,
  rowLimit,
  type ShardBatchesOptions,
  type ShardSource,
} from "./shard_options.ts";

/** How far the rows of a source were used. */
export interface SourceProgress {
  /** Where the set is. */
  path: string;
  /** Rows taken in all epochs. */
  rows: number;
  /** Whole epochs and the part of the one begun; 0 in the first one of a set that still grows. */
  epochs: number;
  /** Whether it has given all it may. */
  exhausted: boolean;
}

/** Batches and what there is to know of them. */
export interface ShardBatches {
  /** The batches; ends only where every source has `maxEpochs`. */
  readonly readable: ReadableStream<Batch>;
  /** Number of batches from the first on, whatever `start` is; Infinity where there is no end. */
  readonly length: number;
  /** What the first `batches` batches took of each source. @param batches by default those read */
  progress(batches?: number): SourceProgress[];
}

/**
 * Batches of rows from shards. Row i of the stream is a pure function of the sets, the seed and i:
 * batch b is its rows b·G to b·G + G - 1, of which rank r has the r-th part, so a stream resumes at
 * any batch at once, whatever is read ahead. Each epoch has every row once. Several sets are mixed
 * by their weights so that shares hold at every prefix. Padding has target -1.
 *
 * @throws {RangeError} where an option is out of range or the sets do not fit together; in the
 * stream a DataError where a shard is damaged
 * @example
 * ```ts
 * import { openShards, packer, shardBatches, writeMds } from "@quern/quern";
 * const folder = await Deno.makeTempDir();
 * const options = { context: 4, vocabularySize: 256 };
 * const rows = packer({ ...options, strategy: "concat" })
 *   .add({ tokens: Uint16Array.from({ length: 100 }, (_, i) => i) });
 * await ReadableStream.from(rows).pipeTo(writeMds(folder, options));
 *
 * const sources = [{ set: await openShards(folder) }];
 * const { readable } = shardBatches(sources, { batchSize: 8, seed: 1 });
 * for await (const { index, tokens } of readable) {
 *   console.log(index, tokens);
 *   if (index === 5) break;
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function shardBatches(
  sources: readonly ShardSource[],
  options: ShardBatchesOptions,
): ShardBatches {
  const { batchSize: G, rank = 0, ranks = 1, prefetch = 2, start = 0 } = options;
  const { documentIds, vocabularySize = Infinity } = options;
  assertOptions(sources, options);
  const sets = sources.map(({ set }) => set);
  const { order = "shuffled", shuffleBlocks = 3, seed } = options;
  const readers = sources.map((source, i) =>
    new RowReader(source.set, {
      shuffled: order === "shuffled",
      shuffleBlocks: shuffleBlocks === "full" ? Infinity : shuffleBlocks,
      seed,
      source: i,
      end: rowLimit(source),
    })
  );
  const mixture = makeMixture(sources, options);
  const total = Math.floor(mixture.length / G);
  const weights = sets.some((set) => set.weights);
  const [B, T] = [G / ranks, sets[0].context];

  const drawn = mixture.counts(start * G);
  let made = start;
  const make = async (): Promise<Batch | undefined> => {
    if (made >= total) return undefined;
    const index = made++;
    const batch = emptyBatch(index, B, T, { weights, documentIds });
    const places: [source: number, row: number][] = [];
    for (let i = 0; i < G; i++) {
      const source = mixture.source(index * G + i);
      places.push([source, drawn[source]++]);
    }
    for (let i = 0; i < B; i++) {
      const [source, place] = places[rank * B + i];
      const row = readers[source].row(place);
      // A shard that is there costs no turn of the event loop.
      const there = row instanceof Promise ? await row : row;
      assertKnown(there.tokens, vocabularySize, sets[source].path);
      copyRow(batch, i, there);
    }
    return batch;
  };

  // Batches are made one after another: the reader of rows goes forward only.
  let last: Promise<unknown> = Promise.resolve();
  const makeNext = (): Promise<Batch | undefined> => {
    const next = last.then(make);
    next.catch(() => {});
    last = next;
    return next;
  };
  const close = () => {
    made = Infinity;
    for (const reader of readers) reader.close();
  };
  const ahead: Promise<Batch | undefined>[] = [];
  let read = start;
  const readable = new ReadableStream<Batch>({
    async pull(controller) {
      while (ahead.length <= prefetch) ahead.push(makeNext());
      const batch = await ahead.shift()!.catch((error) => {
        close();
        throw error;
      });
      if (!batch) {
        close();
        return controller.close();
      }
      read = batch.index + 1;
      controller.enqueue(batch);
    },
    cancel: close,
  }, { highWaterMark: 0 });
  return {
    readable,
    length: total,
    progress: (batches = read) =>
      mixture.counts(batches * G).map((rows, i) => ({
        path: sets[i].path,
        rows,
        epochs: rows / sets[i].rows,
        exhausted: rows >= rowLimit(sources[i]),
      })),
  };
}

/** Options of `shardEvaluationBatches`. */
export interface ShardEvaluationBatchesOptions {
  /** Rows of a batch, B. */
  batchSize: number;
  /** Stops after so many batches. @default all */
  limit?: number;
  /** Number of different tokens that a model knows; one beyond is an error. @default any */
  vocabularySize?: number;
}

/**
 * Batches that hold each row of a set once, in order. The last batch may lack rows: they are filled
 * with token 0 and target -1.
 *
 * @throws {RangeError} where an option is out of range; in the stream a DataError where a shard is
 * damaged
 */
export function shardEvaluationBatches(
  set: ShardSet,
  { batchSize: B, limit = Infinity, vocabularySize = Infinity }: ShardEvaluationBatchesOptions,
): ReadableStream<Batch> {
  assertWhole("batchSize", B, 1);
  if (limit !== Infinity) assertWhole("limit", limit, 1);
  const reader = new RowReader(set, {
    ...{ shuffled: false, shuffleBlocks: 1, seed: 0, source: 0 },
    end: set.rows,
  });
  const count = Math.min(limit, Math.ceil(set.rows / B));
  let index = 0;
  return new ReadableStream<Batch>({
    async pull(controller) {
      const batch = emptyBatch(index, B, set.context, set);
      for (let i = 0; i < B && index * B + i < set.rows; i++) {
        const row = await reader.row(index * B + i);
        assertKnown(row.tokens, vocabularySize, set.path);
        copyRow(batch, i, row);
      }
      controller.enqueue(batch);
      if (++index === count) controller.close();
    },
    cancel: () => reader.close(),
  }, { highWaterMark: 1 });
}

/** Checks that a model knows all tokens of a row. */
function assertKnown(tokens: Tokens, vocabularySize: number, path: string): void {
  if (vocabularySize === Infinity) return;
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] < vocabularySize) continue;
    throw new DataError(
      `Cannot use the row: wanted token ids below ${vocabularySize}, the size of the vocabulary, ` +
        `got ${tokens[i]}; use the tokenizer that the shards were made with`,
      path,
    );
  }
}
