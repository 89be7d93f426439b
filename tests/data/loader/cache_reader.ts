/**
 * Reads all shards of a folder through a cache, some rounds long, in an order of its own, and prints
 * the sum of their tokens. Beside the test, it is a process of its own:
 * `cache_reader.ts REMOTE CACHE CACHE_BYTES ROUNDS SEED LOG`.
 */
import { openRemoteShards, permutation } from "../../../data/loader/mod.ts";
import type { ShardSet } from "../../../data/shards/mod.ts";

/** Options of `openFolder`. */
export interface OpenFolderOptions {
  cache: string;
  cacheBytes: number;
  /** Called for each file that is fetched. */
  onFetch?: (name: string) => void | Promise<void>;
  /** Changes what comes. */
  change?: (name: string, bytes: Uint8Array) => Uint8Array;
}

/** Opens a folder of this machine as if it were elsewhere. */
export function openFolder(remote: string, options: OpenFolderOptions): Promise<ShardSet> {
  const { cache, cacheBytes, onFetch, change = (_, bytes) => bytes } = options;
  return openRemoteShards({
    ...{ cache, cacheBytes },
    path: "far://away",
    async open(name) {
      if (name !== "index.json") await onFetch?.(name);
      const bytes = change(name, await Deno.readFile(`${remote}/${name}`));
      const half = bytes.length >> 1;
      return ReadableStream.from([bytes.subarray(0, half), bytes.subarray(half)]);
    },
  });
}

/** Sum of the tokens of a shard of a set. */
export async function sumOf(set: ShardSet, shard: number): Promise<number> {
  const { rows, row } = await set.read(shard).then((read) => ({
    rows: read.rows,
    row: (i: number) => read.row(i).tokens,
  }));
  let sum = 0;
  for (let i = 0; i < rows; i++) for (const id of row(i)) sum += id;
  return sum;
}

if (import.meta.main) {
  const [remote, cache, cacheBytes, rounds, seed, log] = Deno.args;
  const set = await openFolder(remote, {
    ...{ cache, cacheBytes: Number(cacheBytes) },
    onFetch: (name) => Deno.writeTextFile(log, `${name}\n`, { append: true }),
  });
  let sum = 0;
  for (let round = 0; round < Number(rounds); round++) {
    const permute = permutation(set.shards.length, Number(seed), round);
    for (let i = 0; i < set.shards.length; i++) sum += await sumOf(set, permute(i));
  }
  console.log(sum);
}
