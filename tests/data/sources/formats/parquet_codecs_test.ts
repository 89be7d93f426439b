import { assertEquals, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { PAGE_DECODERS } from "../../../../data/sources/formats/parquet_codecs.ts";

const { SNAPPY, LZ4, LZ4_RAW, GZIP } = PAGE_DECODERS;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const ascii = (text: string) => [...new TextEncoder().encode(text)];

// "abcdabcdabcdabcdX": a literal, a copy that overlaps itself, a literal.
const TEXT = "abcdabcdabcdabcdX";
const SNAPPED = [17, 3 << 2, ...ascii("abcd"), (12 - 1) << 2 | 2, 4, 0, 0, ...ascii("X")];
const LZ4_BLOCK = [4 << 4 | 8, ...ascii("abcd"), 4, 0, 1 << 4, ...ascii("X")];
const hadoop = (
  block: number[],
  bytes: number,
) => [0, 0, 0, bytes, 0, 0, 0, block.length, ...block];

Deno.test("parquet codecs: literals and copies, as the formats' descriptions have them", () => {
  assertEquals(text(SNAPPY(Uint8Array.from(SNAPPED), 17)), TEXT);
  assertEquals(text(LZ4_RAW(Uint8Array.from(LZ4_BLOCK), 17)), TEXT);
  assertEquals(text(LZ4(Uint8Array.from(LZ4_BLOCK), 17)), TEXT);
  const two = [...hadoop(LZ4_BLOCK, 17), ...hadoop([2 << 4, ...ascii("YZ")], 2)];
  assertEquals(text(LZ4(Uint8Array.from(two), 19)), TEXT + "YZ");
  // Lengths of more bytes: a literal of 300, a copy of 4 + 15 + 255 + 1.
  const long = "x".repeat(300);
  const snapped = [0xac, 2, 61 << 2, 43, 1, ...ascii(long)];
  assertEquals(text(SNAPPY(Uint8Array.from(snapped), 300)), long);
  const block = [1 << 4 | 15, ...ascii("x"), 1, 0, 255, 1];
  assertEquals(text(LZ4_RAW(Uint8Array.from(block), 276)), "x".repeat(276));
  const copies = [12, 0, ...ascii("a"), 1 | (11 - 4) << 2, 1];
  assertEquals(text(SNAPPY(Uint8Array.from(copies), 12)), "a".repeat(12));
});

Deno.test("parquet codecs: whatever byte is changed, each ends, with bytes or an error", () => {
  for (
    const [decode, input] of [[SNAPPY, SNAPPED], [LZ4_RAW, LZ4_BLOCK], [LZ4, LZ4_BLOCK]] as const
  ) {
    for (let at = 0; at < input.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        const broken = Uint8Array.from(input);
        broken[at] = byte;
        try {
          assertEquals(decode(broken, 17).length, 17);
        } catch (error) {
          assertEquals((error as Error).message, "the compressed data are corrupt");
        }
      }
    }
  }
});

Deno.test("parquet codecs: no more is unpacked than the header says", () => {
  const corrupt = "the compressed data are corrupt";
  for (const bytes of [16, 18, 2 ** 20]) {
    assertThrows(() => SNAPPY(Uint8Array.from(SNAPPED), bytes), Error, corrupt);
    assertThrows(() => LZ4(Uint8Array.from(LZ4_BLOCK), bytes), Error, corrupt);
  }
  assertThrows(() => GZIP(new Uint8Array(gzipSync(new Uint8Array(1000))), 999));
});
