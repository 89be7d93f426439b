import { assert, assertEquals, assertRejects } from "@std/assert";
import { isGrowing, shardBatches, type ShardBatchesOptions } from "../../../data/loader/mod.ts";
import { growingSet, memorySet, rowsOf, take } from "./memory_set.ts";

const SHARDS = [3, 3, 3, 3, 3, 3, 3, 2];
const ROWS = 23;
const OPTIONS = { batchSize: 1, seed: 5, shuffleBlocks: 3 } as const;

async function draw(
  count: number,
  options: Partial<ShardBatchesOptions> = {},
  set = growingSet(SHARDS),
): Promise<number[]> {
  return rowsOf(await take(shardBatches([{ set }], { ...OPTIONS, ...options }).readable, count));
}

Deno.test("isGrowing: tells sets that grow from those that are whole", () => {
  assert(isGrowing(growingSet([1])));
  assert(!isGrowing(memorySet([1])));
});

Deno.test("shardBatches: a growing set gives each row once an epoch, in windows as they are made", async () => {
  for (const shuffleBlocks of [1, 2, 3, 8, 9, "full"] as const) {
    const rows = await draw(3 * ROWS, { shuffleBlocks });
    const epochs = [0, 1, 2].map((epoch) => rows.slice(epoch * ROWS, (epoch + 1) * ROWS));
    for (const epoch of epochs) {
      assertEquals(epoch.toSorted((a, b) => a - b), epoch.map((_, i) => i));
    }
    assertEquals(new Set(epochs.map(String)).size, 3);
    if (shuffleBlocks === "full") continue;
    const window = 3 * shuffleBlocks;
    epochs[0].forEach((row, i) => assertEquals(Math.floor(row / window), Math.floor(i / window)));
  }
});

Deno.test("shardBatches: the order of a growing set is the same whatever is made already", async () => {
  const whole = await draw(60);
  for (const made of [1, 3, 4, 8]) {
    assertEquals(await draw(60, {}, growingSet(SHARDS, {}, made)), whole);
  }
  const ended = growingSet(SHARDS);
  await ended.until(Infinity);
  assertEquals(await draw(60, {}, ended), whole);
  for (const start of [1, 8, 9, 22, 23, 24, 50]) {
    assertEquals(await draw(60 - start, { start }), whole.slice(start));
  }
  assertEquals(
    await draw(30, { order: "sequential" }),
    Array.from({ length: 30 }, (_, i) => i % ROWS),
  );
});

Deno.test("shardBatches: of a growing set no more is made than two windows", async () => {
  const set = growingSet(new Array(100).fill(3));
  await draw(9, {}, set);
  await new Promise((done) => setTimeout(done, 20));
  assert(set.shards.length <= 6, `${set.shards.length} shards`);
  assertEquals(set.reads.length, new Set(set.reads).size);
});

Deno.test("shardBatches: growing sets are mixed by weights, and counted", async () => {
  const sources = () => [
    { set: growingSet(SHARDS, { path: "a" }), weight: 3 },
    { set: memorySet([7], { path: "b" }), weight: 1 },
  ];
  const { readable, progress, length } = shardBatches(sources(), { ...OPTIONS, batchSize: 4 });
  assertEquals(length, Infinity);
  const whole = rowsOf(await take(readable, 10));
  assertEquals(progress().map(({ rows, epochs }) => [rows, epochs]), [
    [30, 30 / ROWS],
    [10, 10 / 7],
  ]);
  assertEquals(progress(1).map(({ rows }) => rows), [3, 1]);
  const rest = shardBatches(sources(), { ...OPTIONS, batchSize: 4, start: 7 }).readable;
  assertEquals(rowsOf(await take(rest, 3)), whole.slice(28));
  const early = shardBatches([{ set: growingSet(SHARDS) }], OPTIONS);
  await take(early.readable, 2);
  assertEquals(early.progress(), [{ path: "memory", rows: 2, epochs: 0, exhausted: false }]);
});

Deno.test("shardBatches: an error of what is to be made comes out when it is wanted", async () => {
  const set = growingSet(SHARDS);
  const until = set.until;
  set.until = async (count) => {
    if (count > 6) throw new Error("a broken file");
    await until(count);
  };
  const reader = shardBatches([{ set }], OPTIONS).readable.getReader();
  for (let i = 0; i < 18; i++) await reader.read();
  await assertRejects(() => reader.read(), Error, "a broken file");
  const none = shardBatches([{ set: growingSet([]) }], OPTIONS).readable.getReader();
  await assertRejects(
    () => none.read(),
    RangeError,
    "Cannot make a row of 4 tokens of memory: it has fewer; give more text",
  );
});
