import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  shardBatches,
  type ShardBatchesOptions,
  shardEvaluationBatches,
  type ShardSource,
} from "../../../data/loader/mod.ts";
import { packer } from "../../../data/packing/mod.ts";
import { openShards, writeMds } from "../../../data/shards/mod.ts";
import { DataError } from "../../../data/errors.ts";
import { memorySet, type MemorySetOptions, rowsOf, take } from "./memory_set.ts";

const UNEVEN = [3, 1, 4, 1, 5, 9, 2, 6];
const ROWS = 31;

/** Rows of the first batches of a fresh set. */
async function draw(
  count: number,
  options: Partial<ShardBatchesOptions> = {},
  shards: readonly number[] = UNEVEN,
  set: MemorySetOptions = {},
): Promise<number[]> {
  const all = { batchSize: 4, seed: 1, ...options };
  const { readable } = shardBatches([{ set: memorySet(shards, set) }], all);
  return rowsOf(await take(readable, count));
}

Deno.test("shardBatches: each epoch has every row once, for any shards and window", async () => {
  for (const shards of [UNEVEN, [31], new Array(31).fill(1)]) {
    for (const shuffleBlocks of [1, 2, 3, 100, "full"] as const) {
      const options = { batchSize: 31, shuffleBlocks };
      const rows = await draw(3, options, shards);
      const epochs = [0, 1, 2].map((epoch) => rows.slice(epoch * ROWS, (epoch + 1) * ROWS));
      for (const epoch of epochs) {
        assertEquals(epoch.toSorted((a, b) => a - b), epoch.map((_, i) => i));
      }
      assertEquals(new Set(epochs.map(String)).size, 3);
    }
  }
});

Deno.test("shardBatches: in sequence it is the order of the set, over and over", async () => {
  const rows = await draw(20, { order: "sequential" });
  assertEquals(rows, rows.map((_, i) => i % ROWS));
});

Deno.test("shardBatches: a batch is its part of one order, whatever its size and the prefetch", async () => {
  const order = await draw(120, { batchSize: 1 });
  for (const batchSize of [2, 5, 40]) {
    for (const prefetch of [0, 1, 7]) {
      const rows = await draw(120 / batchSize, { batchSize, prefetch });
      assertEquals(rows, order.slice(0, rows.length));
    }
  }
  assert(String(await draw(120, { batchSize: 1, seed: 2 })) !== String(order));
});

Deno.test("shardBatches: ranks have the parts of each batch", async () => {
  const whole = await draw(10, { batchSize: 12 });
  for (const ranks of [1, 2, 3, 12]) {
    const parts = await Promise.all(
      Array.from({ length: ranks }, (_, rank) => draw(10, { batchSize: 12, rank, ranks })),
    );
    const B = 12 / ranks;
    const joined = Array.from(
      { length: 10 },
      (_, batch) => parts.flatMap((rows) => rows.slice(batch * B, (batch + 1) * B)),
    ).flat();
    assertEquals(joined, whole);
  }
});

Deno.test("shardBatches: resumes anywhere with the same batches, however slow the disk", async () => {
  const sources = (): ShardSource[] => [
    { set: memorySet(UNEVEN), weight: 2 },
    {
      set: memorySet([7, 7, 7], { onRead: () => new Promise((done) => setTimeout(done, 1)) }),
      weight: 1,
    },
  ];
  const options = { batchSize: 5, seed: 9 };
  const whole = await take(shardBatches(sources(), options).readable, 60);
  assertEquals(whole.map(({ index }) => index), whole.map((_, i) => i));
  for (const start of [1, 6, 7, 31, 59]) {
    const rest = await take(shardBatches(sources(), { ...options, start }).readable, 60 - start);
    assertEquals(rest, whole.slice(start));
  }
});

Deno.test("shardBatches: a position far away is there in well under a second", async () => {
  const set = memorySet(new Array(10_000).fill(100_000));
  const start = 123_456_789_012;
  const options = { batchSize: 8, seed: 3, start };
  const began = performance.now();
  const [batch] = await take(
    shardBatches([{ set, weight: 0.313 }, { set, weight: 0.687 }], options).readable,
    1,
  );
  const ms = performance.now() - began;
  assertEquals(batch.index, start);
  assert(ms < 1000, `${ms} ms`);
  assert(set.reads.length <= 16, `${set.reads.length} shards`);
});

Deno.test("shardBatches: reads each shard at most once a window, and a whole set only once", async () => {
  for (const shuffleBlocks of [1, 2, 3] as const) {
    const set = memorySet(UNEVEN);
    const { readable } = shardBatches([{ set, maxEpochs: 3 }], {
      ...{ batchSize: 1, seed: 5, shuffleBlocks },
    });
    assertEquals((await take(readable, 1000)).length, 3 * ROWS);
    // Less than one read for each shard and epoch, where the next epoch begins with shards at hand.
    const counts = UNEVEN.map((_, shard) => set.reads.filter((read) => read === shard).length);
    assert(counts.every((count) => count >= 1 && count <= 3), `${counts}`);
  }
  const full = memorySet(UNEVEN);
  const options = { batchSize: 1, seed: 5, shuffleBlocks: "full" } as const;
  await take(shardBatches([{ set: full }], options).readable, 4 * ROWS);
  assertEquals(full.reads.toSorted(), UNEVEN.map((_, shard) => shard));
});

Deno.test("shardBatches: holds the window it is in and the next one, and reads no further", async () => {
  const set = memorySet(new Array(20).fill(10));
  const { readable } = shardBatches([{ set }], { batchSize: 5, seed: 1, shuffleBlocks: 2 });
  const reader = readable.getReader();
  await reader.read();
  await new Promise((done) => setTimeout(done, 5));
  assertEquals(set.reads.length, 4);
  await reader.cancel();
});

Deno.test("shardBatches: mixes by weights, by temperature, and by rows", async () => {
  const share = async (sources: ShardSource[], temperature?: number) => {
    const batches = shardBatches(sources, { batchSize: 10, seed: 1, temperature });
    await take(batches.readable, 100);
    return batches.progress().map(({ rows }) => rows);
  };
  const small = () => memorySet([10], { path: "small" });
  const large = () => memorySet([30, 60], { path: "large" });
  const weighted = [{ set: small(), weight: 0.7 }, { set: large(), weight: 0.3 }];
  assertEquals(await share(weighted), [700, 300]);
  assertEquals(await share([{ set: small() }, { set: large() }]), [100, 900]);
  assertEquals(await share([{ set: small() }, { set: large() }], 2), [250, 750]);
});

Deno.test("shardBatches: maxEpochs caps a source, the end comes with the last, progress tells", async () => {
  const sources = [
    { set: memorySet([4, 6], { path: "a" }), weight: 1, maxEpochs: 1.5 },
    { set: memorySet([20], { path: "b" }), weight: 1, maxEpochs: 2 },
  ];
  const batches = shardBatches(sources, { batchSize: 5, seed: 1 });
  const taken = await take(batches.readable, 1000);
  assertEquals([taken.length, batches.length], [11, 11]);
  assertEquals(batches.progress(), [
    { path: "a", rows: 15, epochs: 1.5, exhausted: true },
    { path: "b", rows: 40, epochs: 2, exhausted: true },
  ]);
  assertEquals(batches.progress(4), [
    { path: "a", rows: 10, epochs: 1, exhausted: false },
    { path: "b", rows: 10, epochs: 0.5, exhausted: false },
  ]);
});

Deno.test("shardBatches: padding and borders of documents are no targets", async () => {
  const rows = packer({ strategy: "best-fit", context: 7, vocabularySize: 100, padId: 99 });
  const made = [[1, 2, 3], [11, 12, 13, 14]].flatMap((tokens) =>
    rows.add({ tokens: Uint16Array.from(tokens) })
  );
  made.push(...rows.flush());
  assertEquals(made.length, 1);
  const set = memorySet([1], { context: 7, documentIds: true, weights: true, row: () => made[0] });
  const options = { batchSize: 1, seed: 0 };
  const [plain] = await take(shardBatches([{ set }], options).readable, 1);
  const [told] = await take(shardBatches([{ set }], { ...options, documentIds: true }).readable, 1);
  assertEquals(plain.targets.at(-1), -1);
  assertEquals(plain.targets.filter((target) => target >= 0).length, 6);
  assertEquals(plain.weights, Float32Array.of(1, 1, 1, 1, 1, 1, 0));
  assertEquals(plain.documentStarts, undefined);
  assertEquals(told.targets.filter((target) => target >= 0).length, 5);
  told.targets.forEach((target, i) => {
    assert(
      target < 0 || Math.abs(target - told.tokens[i]) === 1,
      `${target} after ${told.tokens[i]}`,
    );
  });
  assertEquals(told.documentStarts?.length, 7);
});

Deno.test("shardBatches: a damaged shard is a DataError in the stream, then no shard is read", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const options = { context: 8, vocabularySize: 256, shardBytes: 1024 };
    const rows = Array.from(
      { length: 200 },
      (_, row) => ({ tokens: new Uint16Array(9).fill(row) }),
    );
    await ReadableStream.from(rows).pipeTo(writeMds(folder, options));
    const set = await openShards(folder);
    assert(set.shards.length > 3, `${set.shards.length} shards`);
    const whole = shardBatches([{ set }], { batchSize: 10, seed: 1 });
    assertEquals((await take(whole.readable, 20)).length, 20);
    const path = `${folder}/shard.00002.mds.zstd`;
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 9] ^= 1;
    await Deno.writeFile(path, bytes);
    const damaged = shardBatches([{ set }], { batchSize: 10, seed: 1 });
    await assertRejects(() => take(damaged.readable, 21), DataError, path);
    await Deno.truncate(path, 20);
    const short = shardBatches([{ set }], { batchSize: 10, seed: 1 });
    await assertRejects(() => take(short.readable, 21), DataError, "got 20");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("shardBatches: a token that the model does not know is a DataError", async () => {
  const set = memorySet([5], { path: "here" });
  const options = { batchSize: 5, seed: 1 };
  const known = shardBatches([{ set }], { ...options, vocabularySize: 404 });
  assertEquals((await take(known.readable, 1)).length, 1);
  const says = "wanted token ids below 403, the size of the vocabulary, got 403; use the tokenizer";
  const unknown = shardBatches([{ set }], { ...options, vocabularySize: 403 });
  await assertRejects(() => take(unknown.readable, 1), DataError, says);
  const measured = shardEvaluationBatches(set, { batchSize: 5, vocabularySize: 403 });
  await assertRejects(() => take(measured, 1), DataError, says);
});

Deno.test("shardBatches: cancelled, it reads no more, not even what was asked for ahead", async () => {
  let release = () => {};
  const set = memorySet(new Array(20).fill(2), {
    onRead: () => set.reads.length > 1 ? new Promise((done) => release = done) : undefined,
  });
  const { readable } = shardBatches([{ set }], { batchSize: 1, seed: 1, order: "sequential" });
  const reader = readable.getReader();
  await reader.read();
  await reader.read();
  const waiting = reader.read();
  await reader.cancel();
  release();
  assert((await waiting).done);
  await new Promise((done) => setTimeout(done, 2));
  assertEquals(set.reads.length, 2);
});

Deno.test("shardEvaluationBatches: each row once in order, the last batch filled up", async () => {
  const set = memorySet(UNEVEN);
  const all = await Array.fromAsync(shardEvaluationBatches(set, { batchSize: 4 }));
  assertEquals(all.map(({ index }) => index), [0, 1, 2, 3, 4, 5, 6, 7]);
  assertEquals(rowsOf(all).slice(0, ROWS), Array.from({ length: ROWS }, (_, i) => i));
  assertEquals(all[7].targets.slice(-3), Int32Array.of(-1, -1, -1));
  assertEquals(set.reads, UNEVEN.map((_, shard) => shard));
  const some = await Array.fromAsync(shardEvaluationBatches(set, { batchSize: 4, limit: 2 }));
  assertEquals(some, all.slice(0, 2));
  assertThrows(() => shardEvaluationBatches(set, { batchSize: 4, limit: 0 }), RangeError, "limit");
});
