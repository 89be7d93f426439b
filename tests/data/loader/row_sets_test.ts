import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { rowRange, shardEvaluationBatches, tokenSet } from "../../../data/loader/mod.ts";
import type { ShardSet } from "../../../data/shards/mod.ts";
import { memorySet, rowsOf } from "./memory_set.ts";

async function allOf(set: ShardSet): Promise<number[]> {
  const taken = await Array.fromAsync(shardEvaluationBatches(set, { batchSize: 1 }));
  return rowsOf(taken);
}

Deno.test("rowRange: has the rows from start to end, and reads no other shards", async () => {
  const rows = [3, 1, 4, 2];
  for (let start = 0; start < 10; start++) {
    for (let end = start + 1; end <= 10; end++) {
      const set = memorySet(rows);
      const part = rowRange(set, start, end);
      assertEquals(part.rows, end - start);
      assertEquals(await allOf(part), Array.from({ length: end - start }, (_, i) => start + i));
      assertEquals(set.reads.length, part.shards.length);
    }
  }
});

Deno.test("rowRange: is told from other parts, and refuses rows that are not there", () => {
  const set = memorySet([10], { path: "here" });
  assertEquals(rowRange(set, 0, 4).sha256, rowRange(set, 0, 4).sha256);
  assertNotEquals(rowRange(set, 0, 4).sha256, rowRange(set, 0, 5).sha256);
  for (const [start, end] of [[0, 0], [5, 4], [-1, 3], [0, 11], [NaN, 3]]) {
    assertThrows(
      () => rowRange(set, start, end),
      RangeError,
      `rows of here: wanted some of its 10, got ${start} to ${end}`,
    );
  }
});

Deno.test("tokenSet: rows share the border token, a short one is left out", async () => {
  const tokens = Uint16Array.from({ length: 14 }, (_, i) => i);
  const set = tokenSet(tokens, { context: 4, path: "text" });
  const taken = await Array.fromAsync(shardEvaluationBatches(set, { batchSize: 1 }));
  assertEquals(taken.map(({ tokens }) => [...tokens]), [[0, 1, 2, 3], [4, 5, 6, 7], [
    8,
    9,
    10,
    11,
  ]]);
  assertEquals([...taken[2].targets], [9, 10, 11, 12]);
  assertThrows(
    () => tokenSet(tokens, { context: 14, path: "text" }),
    RangeError,
    "Cannot make a row of 15 tokens of text: it has only 14; give more text",
  );
});
