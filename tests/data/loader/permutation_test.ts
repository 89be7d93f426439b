import { assert, assertEquals } from "@std/assert";
import { permutation } from "../../../data/loader/permutation.ts";

Deno.test("permutation: visits each entry once, for any size", () => {
  for (const n of [1, 2, 3, 4, 5, 16, 17, 63, 64, 65, 257, 5000]) {
    for (const [seed, epoch] of [[0, 0], [1, 0], [1, 1], [2 ** 40 + 1, 7]]) {
      const permute = permutation(n, seed, epoch);
      const seen = new Set(Array.from({ length: n }, (_, i) => permute(i)));
      assertEquals(seen.size, n);
      assert(Math.min(...seen) === 0 && Math.max(...seen) === n - 1);
    }
  }
  const largest = permutation(2 ** 32, 1, 0)(2 ** 32 - 1);
  assert(Number.isInteger(largest) && largest >= 0 && largest < 2 ** 32);
});

Deno.test("permutation: seeds and epochs, high bits among them, give other orders", () => {
  const order = (seed: number, epoch: number) => {
    const permute = permutation(100, seed, epoch);
    return Array.from({ length: 100 }, (_, i) => permute(i)).join();
  };
  const keys = [[0, 0], [0, 1], [1, 0], [1, 1], [2 ** 32, 0], [2 ** 32 + 1, 0], [0, 2 ** 32]];
  assertEquals(new Set(keys.map(([seed, epoch]) => order(seed, epoch))).size, keys.length);
  assertEquals(order(5, 6), order(5, 6));
});

Deno.test("permutation: puts every entry at every place about equally often", () => {
  const epochs = 4000;
  for (const n of [3, 7, 20]) {
    const counts = new Float64Array(n * n);
    const pairs = new Float64Array(n * n);
    for (let epoch = 0; epoch < epochs; epoch++) {
      const permute = permutation(n, 42, epoch);
      for (let i = 0; i < n; i++) counts[i * n + permute(i)]++;
      pairs[permute(0) * n + permute(1)]++;
    }
    // A chi-square of k degrees of freedom has mean k and deviation √(2k).
    const chiSquare = (observed: number[], expected: number) =>
      observed.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const placed = chiSquare([...counts], epochs / n);
    const degrees = (n - 1) ** 2;
    assert(placed < degrees + 5 * Math.sqrt(2 * degrees), `places of ${n}: ${placed}`);
    const different = [...pairs].filter((_, i) => i % n !== Math.floor(i / n));
    const neighbours = chiSquare(different, epochs / (n * (n - 1)));
    const free = n * (n - 1) - 1;
    assert(neighbours < free + 5 * Math.sqrt(2 * free), `pairs of ${n}: ${neighbours}`);
  }
});

Deno.test("permutation: neighbours don't stay neighbours", () => {
  const n = 10_000;
  const permute = permutation(n, 3, 0);
  let close = 0;
  for (let i = 1; i < n; i++) if (Math.abs(permute(i) - permute(i - 1)) <= 10) close++;
  // About 20 in 10,000 by chance.
  assert(close < 50, `${close} pairs`);
});
