import type { Batch, GrowingSet } from "../../../data/loader/mod.ts";
import type { Row } from "../../../data/packing/mod.ts";
import type { ShardSet } from "../../../data/shards/mod.ts";

/** A set that counts how often its shards are read. */
export interface MemorySet extends ShardSet {
  /** Shards in the order in which they were read. */
  readonly reads: number[];
}

/** What a set in memory is like, beside its rows. */
export interface MemorySetOptions {
  path?: string;
  /** Tokens of a row but one, T. @default 3 */
  context?: number;
  documentIds?: boolean;
  weights?: boolean;
  /** Makes a row. @default its first token is its number in the set, the others follow */
  row?: (index: number) => Row;
  /** Called when a shard is read. */
  onRead?: (shard: number) => void | Promise<void>;
}

/** A set with so many rows in each shard; row r is the tokens 100·r, 100·r + 1 and so on. */
export function memorySet(rows: readonly number[], options: MemorySetOptions = {}): MemorySet {
  const { path = "memory", context = 3, documentIds = false, weights = false, onRead } = options;
  const numbered = (index: number): Row => ({
    tokens: Uint32Array.from({ length: context + 1 }, (_, i) => 100 * index + i),
  });
  const row = options.row ?? numbered;
  const reads: number[] = [];
  return {
    ...{ path, context, documentIds, weights, reads },
    dtype: "uint32",
    rows: rows.reduce((sum, count) => sum + count, 0),
    shards: rows.map((count) => ({ rows: count, bytes: count, fileBytes: count })),
    sha256: "",
    async read(shard) {
      reads.push(shard);
      await onRead?.(shard);
      const first = rows.slice(0, shard).reduce((sum, count) => sum + count, 0);
      return { rows: rows[shard], row: (index) => row(first + index) };
    },
  };
}

/**
 * A `memorySet` that has no more shards than were asked for.
 *
 * @param made how many there are at once
 */
export function growingSet(
  rows: readonly number[],
  options: MemorySetOptions = {},
  made = 0,
): MemorySet & GrowingSet {
  const whole = memorySet(rows, options);
  const shards = whole.shards.slice(0, made);
  let ended = false;
  const set: MemorySet & GrowingSet = {
    ...whole,
    shards,
    get rows() {
      return ended ? whole.rows : Infinity;
    },
    async until(count) {
      while (shards.length < count && !ended) {
        await new Promise((done) => setTimeout(done, 0));
        if (shards.length < rows.length) shards.push(whole.shards[shards.length]);
        else ended = true;
      }
    },
    async read(shard) {
      await set.until(shard + 1);
      if (shard >= rows.length) throw new RangeError(`There is no shard ${shard}`);
      return await whole.read(shard);
    },
  };
  return set;
}

/** The first batches of a stream, which is then cancelled. */
export async function take(stream: ReadableStream<Batch>, count: number): Promise<Batch[]> {
  const taken: Batch[] = [];
  const reader = stream.getReader();
  while (taken.length < count) {
    const { done, value } = await reader.read();
    if (done) break;
    taken.push(value);
  }
  await reader.cancel();
  return taken;
}

/** Which rows of a `memorySet` batches hold. */
export function rowsOf(taken: readonly Batch[]): number[] {
  return taken.flatMap(({ B, T, tokens }) =>
    Array.from({ length: B }, (_, i) => tokens[i * T] / 100)
  );
}
