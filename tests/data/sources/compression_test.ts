import { assert, assertEquals, assertRejects } from "@std/assert";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { decompress } from "../../../data/sources/compression/mod.ts";
import { concatBytes } from "../../../data/sources/byte_reader.ts";
import { DataError } from "../../../data/mod.ts";
import { testTransform } from "../contract.ts";
import { collectBytes, cutBytes, utf8 } from "./streams.ts";

const TEXT = utf8("A line of text, and another 诗.\n".repeat(300));
const NOISE = new Uint8Array(3000).map((_, i) => (i * i * 31 + i * 7) >> 3);
const SKIPPABLE = Uint8Array.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

const gzip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));
const zstd = (bytes: Uint8Array, checksum = 0) =>
  new Uint8Array(zstdCompressSync(bytes, { params: { 201: checksum } })); // ZSTD_c_checksumFlag
const brotli = (bytes: Uint8Array) => new Uint8Array(brotliCompressSync(bytes));

/** A gzip member whose header has every optional field. */
function gzipWithFields(bytes: Uint8Array): Uint8Array {
  const plain = gzip(bytes);
  const head = Uint8Array.from([0x1f, 0x8b, 8, 2 + 4 + 8 + 16, 0, 0, 0, 0, 0, 255]);
  const fields = concatBytes([Uint8Array.from([2, 0, 9, 9]), utf8("name\0note\0"), utf8("cc")]);
  return concatBytes([head, fields, plain.subarray(10)]);
}

const unpack = (bytes: Uint8Array[], path = "file", options = {}) =>
  collectBytes(ReadableStream.from(bytes).pipeThrough(decompress(path, options)));

const join = (chunks: Uint8Array[]) => concatBytes(chunks);

testTransform<Uint8Array, Uint8Array>("decompress", {
  make: () => decompress("file"),
  split: cutBytes,
  join,
  cases: [
    { label: "lets plain bytes through", input: [TEXT], output: [TEXT] },
    { label: "less than a magic number", input: [utf8("ab")], output: [utf8("ab")] },
    { label: "gzip of one member", input: [gzip(TEXT)], output: [TEXT] },
    {
      label: "gzip of several members, some empty, one with all header fields",
      input: [gzip(TEXT), gzip(utf8("")), gzipWithFields(NOISE), gzip(TEXT)],
      output: [TEXT, NOISE, TEXT],
    },
    { label: "zstd of one frame", input: [zstd(TEXT)], output: [TEXT] },
    {
      label: "zstd of several frames, empty, skippable and with checksums",
      input: [SKIPPABLE, zstd(TEXT), zstd(utf8("")), SKIPPABLE, zstd(NOISE, 1), zstd(TEXT, 1)],
      output: [TEXT, NOISE, TEXT],
    },
  ],
  broken: [
    {
      label: "bytes behind the data",
      input: [gzip(TEXT), utf8("extra bytes")],
      message: "cut",
      path: "file",
      byteOffset: gzip(TEXT).length,
    },
    {
      label: "a frame that is cut short",
      input: [zstd(TEXT), zstd(NOISE).subarray(0, -1)],
      message: "Cannot unpack zstd",
      path: "file",
      byteOffset: zstd(TEXT).length + zstd(NOISE).length - 1,
    },
  ],
});

testTransform<Uint8Array, Uint8Array>("decompress of brotli", {
  make: () => decompress("file.br"),
  split: cutBytes,
  join,
  cases: [{ label: "by its name", input: [brotli(TEXT)], output: [TEXT] }],
});

Deno.test("decompress: tells what it read", async () => {
  const packed = concatBytes([zstd(TEXT), SKIPPABLE, zstd(NOISE)]);
  const unpacker = decompress("file");
  await collectBytes(ReadableStream.from([packed]).pipeThrough(unpacker));
  assertEquals(unpacker.report, {
    compression: "zstd",
    bytes: packed.length,
    expandedBytes: TEXT.length + NOISE.length,
    frames: 3,
  });
});

Deno.test("decompress: reads large members and frames of many blocks", async () => {
  const large = concatBytes(Array(300).fill(concatBytes([TEXT, NOISE])));
  for (const packed of [gzip(large), zstd(large, 1)]) {
    const chunks = [];
    for (let i = 0; i < packed.length; i += 5000) chunks.push(packed.slice(i, i + 5000));
    assertEquals(await unpack(chunks), large);
  }
});

Deno.test("decompress: a file cut anywhere is an error at its end, never fewer bytes", async () => {
  const files: Record<string, Uint8Array[]> = {
    gzip: [gzip(NOISE), gzipWithFields(TEXT)],
    zstd: [zstd(NOISE), SKIPPABLE, zstd(TEXT, 1)],
    brotli: [brotli(TEXT)],
  };
  for (const [format, parts] of Object.entries(files)) {
    const path = format === "brotli" ? "file.br" : "file";
    const whole = concatBytes(parts);
    const borders = new Set([0]);
    for (let i = 0, at = 0; i < parts.length; i++) borders.add(at += parts[i].length);
    const step = Math.ceil(whole.length / 150);
    for (let length = 4; length < whole.length; length += length > whole.length - 60 ? 1 : step) {
      if (borders.has(length)) continue;
      const error = await assertRejects(
        () => unpack([whole.subarray(0, length)], path),
        DataError,
        `Cannot unpack ${format}: `,
        `${format} cut at ${length}`,
      );
      assert(error.byteOffset <= length && error.path === path, error.message);
    }
  }
});

Deno.test("decompress: a changed byte of gzip or checksummed zstd is an error with its offset", async () => {
  for (const packed of [gzip(TEXT), zstd(TEXT, 1)]) {
    for (let at = 10; at < packed.length; at += 3) {
      const broken = packed.slice();
      broken[at] ^= 0x55;
      const error = await assertRejects(() => unpack([broken]), DataError, "Cannot unpack");
      assert(error.byteOffset <= packed.length);
    }
  }
});

Deno.test("decompress: bytes after the data are an error where they begin", async () => {
  const extra = utf8("extra bytes");
  for (const [path, packed] of [["a", gzip(TEXT)], ["a", zstd(TEXT)], ["a.br", brotli(TEXT)]]) {
    const error = await assertRejects(
      () => unpack([packed as Uint8Array, extra], path as string),
      DataError,
      "cut",
    );
    assertEquals(error.byteOffset, packed.length);
  }
});

Deno.test("decompress: stops a bomb at maxExpandedBytes", async () => {
  const bomb = gzip(new Uint8Array(20_000_000));
  let out = 0;
  const error = await assertRejects(
    async () => {
      const unpacked = ReadableStream.from([bomb])
        .pipeThrough(decompress("bomb.gz", { maxExpandedBytes: 1_000_000 }));
      for await (const chunk of unpacked) out += chunk.length;
    },
    DataError,
    "wanted at most 1000000 bytes, got more; raise maxExpandedBytes",
  );
  assert(out <= 1_000_000);
  assertEquals(error.path, "bomb.gz");
});

Deno.test("decompress: no checksum, no magic: a wrong name is no error, a wrong brotli is", async () => {
  assertEquals(await unpack([TEXT], "plain.gz"), TEXT);
  const error = await assertRejects(
    () => unpack([TEXT], "plain.br"),
    DataError,
    "Cannot unpack brotli",
  );
  assertEquals(error.byteOffset, TEXT.length);
});
