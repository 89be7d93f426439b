import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RowReader } from "../../../data/loader/row_reader.ts";
import { memorySet } from "./memory_set.ts";

const SEQUENTIAL = { shuffled: false, shuffleBlocks: 1, seed: 0, source: 0, end: Infinity };

Deno.test("RowReader: what is at hand comes at once, the next window is read meanwhile", async () => {
  const set = memorySet([2, 2, 2]);
  const reader = new RowReader(set, SEQUENTIAL);
  const first = reader.row(0);
  assert(first instanceof Promise);
  assertEquals((await first).tokens[0], 0);
  await new Promise((done) => setTimeout(done, 1));
  assertEquals(set.reads, [0, 1]);
  for (const index of [1, 2, 3]) {
    const row = reader.row(index);
    if (row instanceof Promise) throw new Error(`Row ${index} is not at hand`);
    assertEquals(row.tokens[0], 100 * index);
  }
  await new Promise((done) => setTimeout(done, 1));
  assertEquals(set.reads, [0, 1, 2]);
  assertEquals((await reader.row(7)).tokens[0], 100);
});

Deno.test("RowReader: reads one shard at a time, and none past the last row", async () => {
  let [now, most] = [0, 0];
  const set = memorySet([1, 1, 1, 1], {
    async onRead() {
      most = Math.max(most, ++now);
      await new Promise((done) => setTimeout(done, 1));
      now--;
    },
  });
  const reader = new RowReader(set, { ...SEQUENTIAL, shuffleBlocks: 2, end: 4 });
  for (let index = 0; index < 4; index++) {
    assertEquals((await reader.row(index)).tokens[0], 100 * index);
  }
  await new Promise((done) => setTimeout(done, 5));
  assertEquals([most, set.reads], [1, [0, 1, 2, 3]]);
});

Deno.test("RowReader: an error of a shard read ahead comes when a row of it is wanted", async () => {
  const set = memorySet([1, 1], {
    onRead: (shard) => {
      if (shard === 1) throw new Error("damaged");
    },
  });
  const reader = new RowReader(set, SEQUENTIAL);
  await reader.row(0);
  await new Promise((done) => setTimeout(done, 1));
  await assertRejects(async () => await reader.row(1), Error, "damaged");
});

Deno.test("RowReader: closed, it gives no row and reads no shard", async () => {
  const set = memorySet([1, 1, 1]);
  const reader = new RowReader(set, { ...SEQUENTIAL, shuffleBlocks: 3 });
  const first = reader.row(0);
  reader.close();
  await assertRejects(async () => await first, Error, "No longer wanted");
  await new Promise((done) => setTimeout(done, 1));
  assert(set.reads.length <= 1, `${set.reads}`);
  assertThrows(() => reader.row(0), TypeError, "the reader is closed");
});
