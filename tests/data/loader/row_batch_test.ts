import { assertEquals } from "@std/assert";
import { copyRow, emptyBatch } from "../../../data/loader/row_batch.ts";

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
  const batch = emptyBatch(0, 1, 4, { documentIds: true });
  copyRow(batch, 0, { tokens: TOKENS, documentIds });
  assertEquals(batch.documentIds, Uint16Array.of(0, 0, 1, 1));
  assertEquals(batch.targets, Int32Array.of(11, -1, 13, -1));
  // Where documents are not asked for, they are of no matter.
  const plain = emptyBatch(0, 1, 4, {});
  copyRow(plain, 0, { tokens: TOKENS, documentIds });
  assertEquals(plain.targets, Int32Array.of(11, 12, 13, 0));
});
