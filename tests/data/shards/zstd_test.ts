import { zstdDecompressSync } from "node:zlib";
import { assertEquals, assertRejects } from "@std/assert";
import { compressZstd } from "../../../data/shards/zstd.ts";

async function join(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts = await Array.fromAsync(chunks, (chunk) => new Uint8Array(chunk));
  return await new Blob(parts).bytes();
}

/** The bytes in chunks of this size, all of them in one buffer. */
async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    chunk.set(part);
    yield chunk.subarray(0, part.length);
  }
}

Deno.test("zstd: one frame that tells its size, the same however the chunks are cut", async () => {
  const raw = Uint8Array.from({ length: 700_000 }, (_, i) => (i * i) >> 7);
  const frames = await Promise.all(
    [70_000, 131_072, 700_000].map((size) =>
      join(compressZstd(chunksOf(raw, size), { level: 3, bytes: raw.length }))
    ),
  );
  const [frame] = frames;
  for (const other of frames) assertEquals(other, frame);
  assertEquals(new Uint8Array(zstdDecompressSync(frame)), raw);
  // RFC 8878, 3.1.1.1: the upper two bits say that the content's size takes four bytes.
  assertEquals(frame[4] >> 6, 2);
  const sizeAt = frame[4] >> 5 & 1 ? 5 : 6;
  assertEquals(new DataView(frame.buffer).getUint32(sizeAt, true), raw.length);
});

Deno.test("zstd: nothing, and an error of the chunks", async () => {
  const none = await join(compressZstd(chunksOf(new Uint8Array(), 1), { level: 1, bytes: 0 }));
  assertEquals(zstdDecompressSync(none).length, 0);
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(5);
    throw new Error("the disk broke");
  }
  await assertRejects(
    () => join(compressZstd(broken(), { level: 1, bytes: 9 })),
    Error,
    "the disk broke",
  );
});
