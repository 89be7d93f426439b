/**
 * Documents a second from fingerprints to the list of duplicates, add and finish apart; 30% exact
 * duplicates, 10% near ones.
 *
 * deno run --allow-read --allow-write tests/data/dedup/duplicates_bench.ts
 */
import { assertEquals } from "@std/assert";
import { DuplicateFinder } from "../../../data/dedup/mod.ts";

const rows: Record<string, unknown> = {};
for (const [kind, keys, documents] of [["exact", 1, 500_000], ["minhash", 15, 100_000]] as const) {
  const folder = await Deno.makeTempDir();
  using finder = new DuplicateFinder({ folder });
  const unique = Math.round(documents * 0.7);
  const start = performance.now();
  for (let i = 0; i < documents; i++) finder.add(i, fingerprint(i % unique, keys));
  const added = performance.now();
  using duplicates = await finder.finish();
  let removed = 0;
  for await (const _ of duplicates.removed()) removed++;
  const end = performance.now();
  assertEquals(duplicates.exact, documents - unique);
  assertEquals(removed, duplicates.exact + duplicates.near);
  const speed = (ms: number) => `${(documents / ms).toFixed(0)}k documents/s`;
  rows[kind] = {
    add: speed(added - start),
    finish: speed(end - added),
    both: speed(end - start),
    removed,
    "resident MB": Math.round(Deno.memoryUsage().rss / 2 ** 20),
  };
  duplicates[Symbol.dispose]();
  await Deno.remove(folder);
}
console.table(rows);

/** Random keys; each tenth document has one band in common with the one before it. */
function fingerprint(text: number, keys: number): Uint8Array {
  const words = new Uint32Array(4 * keys);
  for (let key = 0; key < keys; key++) {
    const shared = text % 10 === 0 && key === 3 ? text - 1 : text;
    let state = Math.imul(shared + 1, 0x9e3779b1) ^ Math.imul(key + 1, 0x85ebca6b);
    for (let i = 0; i < 4; i++) {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
      state ^= state >>> 12;
      words[4 * key + i] = i === 3 ? shared * 16 + key : state;
    }
  }
  return new Uint8Array(words.buffer);
}
