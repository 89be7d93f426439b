import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  holdOutRows,
  rowRange,
  shardBatches,
  shardEvaluationBatches,
  tokenSet,
} from "../../../data/loader/mod.ts";
import type { ShardSet } from "../../../data/shards/mod.ts";
import { growingSet, memorySet, rowsOf, take } from "./memory_set.ts";

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

Deno.test("holdOutRows: the end of the first shard validates, all other rows are trained on", async () => {
  const { train, validation } = await holdOutRows(growingSet([10, 10, 4]), 0.3);
  assertEquals(await allOf(validation!), [7, 8, 9]);
  assertEquals([train.shards[0].rows, train.rows], [7, Infinity]);
  const { readable } = shardBatches([{ set: train }], { batchSize: 21, seed: 1, shuffleBlocks: 2 });
  const rows = rowsOf(await take(readable, 2));
  const expected = [...[0, 1, 2, 3, 4, 5, 6], ...Array.from({ length: 14 }, (_, i) => 10 + i)];
  for (const epoch of [rows.slice(0, 21), rows.slice(21)]) {
    assertEquals(epoch.toSorted((a, b) => a - b), expected);
  }
  assertEquals([train.rows, train.shards.map(({ rows }) => rows)], [21, [7, 10, 4]]);
  assertNotEquals(train.sha256, validation!.sha256);
});

Deno.test("holdOutRows: too small a fraction holds nothing out", async () => {
  for (const [rows, fraction] of [[[10, 10], 0], [[10], 0.05], [[], 0.5]] as const) {
    const set = growingSet(rows);
    assertEquals(await holdOutRows(set, fraction), { train: set });
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
