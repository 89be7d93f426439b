import { assertEquals } from "@std/assert";
import { shardBatches } from "../../../data/loader/mod.ts";
import { copyRow, emptyBatch } from "../../../data/loader/row_batch.ts";
import { packer } from "../../../data/packing/mod.ts";
import { openShards, writeMds } from "../../../data/shards/mod.ts";
import { take } from "./memory_set.ts";

const TOKENS = Uint16Array.of(10, 11, 12, 13, 0);

Deno.test("copyRow: targets are one token on; a row that is not there has none", () => {
  const batch = emptyBatch(5, 2, 4, {});
  copyRow(batch, 1, { tokens: TOKENS });
  assertEquals(batch, {
    ...{ index: 5, B: 2, T: 4 },
    tokens: Uint32Array.of(0, 0, 0, 0, 10, 11, 12, 13),
    targets: Int32Array.of(-1, -1, -1, -1, 11, 12, 13, 0),
  });
});

Deno.test("copyRow: what has weight 0, as padding, is no target; other weights are kept", () => {
  const batch = emptyBatch(0, 2, 4, { weights: true });
  copyRow(batch, 0, { tokens: TOKENS, weights: Uint8Array.of(1, 1, 0, 3, 0) });
  copyRow(batch, 1, { tokens: TOKENS });
  assertEquals(batch.targets, Int32Array.of(11, -1, 13, -1, 11, 12, 13, 0));
  assertEquals(batch.weights, Float32Array.of(1, 0, 3, 0, 1, 1, 1, 1));
});

Deno.test("copyRow: with documents, none is asked for the first token of the next", () => {
  const documentIds = Uint16Array.of(0, 0, 1, 1, 2);
  const batch = emptyBatch(0, 2, 4, { documentIds: true });
  copyRow(batch, 0, { tokens: TOKENS, documentIds });
  copyRow(batch, 1, { tokens: TOKENS, documentIds: Uint16Array.of(0, 1, 2, 2, 2) });
  assertEquals(batch.documentStarts, Uint32Array.of(0, 0, 2, 2, 0, 1, 2, 2));
  assertEquals(batch.targets, Int32Array.of(11, -1, 13, -1, -1, -1, 13, 0));
  // Where documents are not asked for, they are of no matter.
  const plain = emptyBatch(0, 1, 4, {});
  copyRow(plain, 0, { tokens: TOKENS, documentIds });
  assertEquals(plain.targets, Int32Array.of(11, 12, 13, 0));
});

Deno.test("documentStarts, weights: come from packed documents through shards to batches", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const options = { context: 7, vocabularySize: 100 };
    const rows = packer({ ...options, strategy: "best-fit" });
    rows.add({ tokens: Uint16Array.of(1, 2, 3, 99), weights: Uint8Array.of(0, 0, 2, 1) });
    rows.add({ tokens: Uint16Array.of(4, 5, 99) });
    const columns = { documentIds: true, weights: true };
    await ReadableStream.from(rows.flush()).pipeTo(writeMds(folder, { ...options, ...columns }));
    const sources = [{ set: await openShards(folder) }];
    const reading = { batchSize: 1, seed: 1, documentIds: true };
    const [batch] = await take(shardBatches(sources, reading).readable, 1);
    assertEquals([...batch.tokens], [1, 2, 3, 99, 4, 5, 99]);
    assertEquals([...batch.targets], [-1, 3, 99, -1, 5, 99, -1]);
    assertEquals([...batch.weights!], [0, 2, 1, 1, 1, 1, 0]);
    assertEquals([...batch.documentStarts!], [0, 0, 0, 0, 4, 4, 4]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
