import { createHash } from "node:crypto";
import type { Shard, ShardSet } from "../shards/mod.ts";
import type { Tokens } from "../tokens.ts";

/**
 * Some of the rows of a set, as a set of its own.
 *
 * @param start its first row
 * @param end the row after its last
 * @throws {RangeError} where it would hold no row, or more than there are
 */
export function rowRange(set: ShardSet, start: number, end: number): ShardSet {
  if (!(start >= 0 && start < end && end <= set.rows)) {
    throw new RangeError(
      `Cannot take rows of ${set.path}: wanted some of its ${set.rows}, got ${start} to ${end}`,
    );
  }
  // For each shard that is cut or kept: which, its first row that counts, and how many.
  const parts: { shard: number; first: number; rows: number }[] = [];
  let at = 0;
  set.shards.forEach(({ rows }, shard) => {
    const first = Math.max(start - at, 0);
    const last = Math.min(end - at, rows);
    if (first < last) parts.push({ shard, first, rows: last - first });
    at += rows;
  });
  return {
    ...set,
    rows: end - start,
    shards: parts.map(({ shard, rows }) => ({ ...set.shards[shard], rows })),
    sha256: createHash("sha256").update(`${set.sha256} ${start} ${end}`).digest("hex"),
    async read(part): Promise<Shard> {
      const { shard, first, rows } = parts[part];
      const whole = await set.read(shard);
      return { rows, row: (index) => whole.row(first + index) };
    },
  };
}

/**
 * The rows of tokens in memory: row r is the tokens r·T to r·T + T, and a last short one is left
 * out.
 *
 * @param path names the tokens in errors
 * @throws {RangeError} where there are fewer than T + 1 tokens
 */
export function tokenSet(
  tokens: Tokens,
  { context: T, path }: { context: number; path: string },
): ShardSet {
  const rows = Math.floor((tokens.length - 1) / T);
  if (rows < 1) {
    throw new RangeError(
      `Cannot make a row of ${T + 1} tokens of ${path}: it has only ${tokens.length}; give more ` +
        "text or a smaller context",
    );
  }
  const bytes = tokens.byteLength;
  return {
    ...{ path, rows, context: T, documentIds: false, weights: false },
    dtype: tokens instanceof Uint16Array ? "uint16" : "uint32",
    shards: [{ rows, bytes, fileBytes: bytes }],
    sha256: createHash("sha256").update(tokens).digest("hex"),
    read: () =>
      Promise.resolve({
        rows,
        row: (index) => ({ tokens: tokens.subarray(index * T, index * T + T + 1) }),
      }),
  };
}
