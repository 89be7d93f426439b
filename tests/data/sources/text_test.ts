import { assertEquals, assertRejects } from "@std/assert";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { concatBytes } from "../../../data/sources/byte_reader.ts";
import { DataError, readText } from "../../../data/mod.ts";
import { utf8, withFiles } from "./streams.ts";

const TEXT = "A line, 诗.\n".repeat(2000);
const gzip = (text: string) => new Uint8Array(gzipSync(text));
const collect = async (sources: string[], options = {}) =>
  (await Array.fromAsync(readText(sources, options))).join("");

Deno.test("readText unpacks what is compressed, told by its bytes", async () => {
  const files = {
    "a.txt.gz": concatBytes([gzip(TEXT), gzip("second member\n")]),
    "b.zst": new Uint8Array(zstdCompressSync("zstd\n")),
    "c.txt.br": new Uint8Array(brotliCompressSync("brotli\n")),
    "d.txt": gzip("no suffix\n"),
    "e.txt.gz": utf8("not packed at all\n"),
    "f.txt": Uint8Array.of(0xff, 0xfe, 0xd7, 0x8b),
  };
  await withFiles(files, async (folder) => {
    const all = `${TEXT}second member\nzstd\nbrotli\nno suffix\nnot packed at all\n诗`;
    assertEquals(await collect([`${folder}/*`]), all);
  });
  const stdin = ReadableStream.from([gzip("piped")]);
  assertEquals(await collect(["-"], { stdin }), "piped");
});

Deno.test("readText: broken data are an error with path and offset", async () => {
  const packed = gzip(TEXT);
  await withFiles({ "a.txt.gz": packed.slice(0, -3), "empty.gz": gzip("") }, async (folder) => {
    const error = await assertRejects(
      () => collect([`${folder}/a.txt.gz`]),
      DataError,
      "Cannot unpack gzip: the file ends in the middle of its data",
    );
    assertEquals([error.path, error.byteOffset], [`${folder}/a.txt.gz`, packed.length - 3]);
    await assertRejects(() => collect([`${folder}/empty.gz`]), DataError, "got an empty file");
  });
});
