import { type Merge, MergeTable, NO_MERGE } from "./bpe/merge_table.ts";

/** The merges that ranks of tokens stand for. */
export interface RankMerges {
  /** In order of rank. */
  merges: Merge[];
  /** Whether each token is what merging makes of its own bytes. */
  complete: boolean;
}

/**
 * Finds the merges behind a table of ranks: what a token's bytes have become once all tokens of
 * lower rank are merged is the pair that the token is made of. Where that isn't two tokens, each
 * pair of tokens that joins to it counts, as tiktoken merges by the rank of the joined bytes.
 *
 * @param tokens bytes by rank
 */
export function mergesOfRanks(tokens: readonly Uint8Array[]): RankMerges {
  const idOfBytes = new Map<string, number>();
  const tokenOfByte = new Uint32Array(256);
  const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);
  tokens.forEach((bytes, rank) => {
    idOfBytes.set(text(bytes), rank);
    if (bytes.length === 1) tokenOfByte[bytes[0]] = rank;
  });
  const merges: Merge[] = [];
  const table = new MergeTable([], 2 * tokens.length);
  let complete = true;
  tokens.forEach((bytes, merged) => {
    if (bytes.length === 1) return;
    const symbols = mergeAll(table, Array.from(bytes, (byte) => tokenOfByte[byte]));
    const found = symbols.length === 2 ? [symbols as [number, number]] : splits(text(bytes));
    if (symbols.length !== 2) complete = false;
    for (const [left, right] of found) {
      const merge = { left, right, merged, rank: merges.length };
      merges.push(merge);
      table.add(merge);
    }
  });
  return { merges, complete };

  function splits(token: string): [number, number][] {
    const pairs: [number, number][] = [];
    for (let i = 1; i < token.length; i++) {
      const left = idOfBytes.get(token.slice(0, i));
      const right = idOfBytes.get(token.slice(i));
      if (left !== undefined && right !== undefined) pairs.push([left, right]);
    }
    return pairs;
  }
}

/** Merges the pair of lowest rank, the first of several, until none is left. */
function mergeAll(table: MergeTable, symbols: number[]): number[] {
  for (;;) {
    let [lowest, at] = [NO_MERGE, -1];
    for (let i = 0; i + 1 < symbols.length; i++) {
      const rank = table.rank(symbols[i], symbols[i + 1]);
      if (rank < lowest) [lowest, at] = [rank, i];
    }
    if (at < 0) return symbols;
    symbols.splice(at, 2, table.tokenOf(symbols[at], symbols[at + 1]));
  }
}
