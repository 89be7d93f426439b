import { createHash } from "node:crypto";
import type { Shard, ShardSet } from "../shards/mod.ts";
import type { Tokens } from "../tokens.ts";
import type { GrowingSet } from "./growing_set.ts";

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

/** The two parts of `holdOutRows`. */
export interface HeldOutRows {
  /** All rows but those that validate. */
  train: GrowingSet;
  /** The rows that validate; undefined where the fraction is too small for one. */
  validation?: ShardSet;
}

/**
 * Cuts rows for validation off the end of a growing set's first shard, since its own end is not
 * known. Waits until that shard is there.
 *
 * @param fraction share of the first shard's rows, in [0, 1)
 * @throws {DataError} where the shard cannot be made
 */
export async function holdOutRows(set: GrowingSet, fraction: number): Promise<HeldOutRows> {
  await set.until(1);
  const [first] = set.shards;
  const held = Math.floor((first?.rows ?? 0) * fraction + 1e-6);
  if (held === 0) return { train: set };
  const border = first.rows - held;
  const identity = (part: string) =>
    createHash("sha256").update(`${set.sha256} ${part} ${border}`).digest("hex");
  const { path, context, dtype, documentIds, weights } = set;
  const same = { path, context, dtype, documentIds, weights };
  const shards = [{ ...first, rows: border }];
  return {
    train: {
      ...same,
      sha256: identity("train"),
      get rows() {
        return set.rows - held;
      },
      get shards() {
        while (shards.length < set.shards.length) shards.push(set.shards[shards.length]);
        return shards;
      },
      until: (shards) => set.until(shards),
      async read(shard) {
        const whole = await set.read(shard);
        return shard > 0 ? whole : { rows: border, row: (index) => whole.row(index) };
      },
    },
    validation: {
      ...same,
      sha256: identity("validation"),
      rows: held,
      shards: [{ ...first, rows: held }],
      async read() {
        const whole = await set.read(0);
        return { rows: held, row: (index) => whole.row(border + index) };
      },
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
