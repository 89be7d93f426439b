import { assert, assertEquals, assertRejects } from "@std/assert";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { concatBytes } from "../../../../data/sources/byte_reader.ts";
import { decompress } from "../../../../data/sources/compression/mod.ts";
import { readWarc } from "../../../../data/sources/formats/warc.ts";
import type { DocumentReader } from "../../../../data/sources/formats/document_reader.ts";
import { DataError, type Document, readBytes } from "../../../../data/mod.ts";
import { testTransform } from "../../contract.ts";
import { cutBytes, utf8 } from "../streams.ts";
import { warcRecord, warcResponse } from "./archives.ts";

const OK = "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8";
const INFO = warcRecord(
  { "WARC-Type": "warcinfo", "Content-Type": "application/warc-fields" },
  "x",
);

const document = (id: string, text: string, metadata = {}): Document => ({
  id: `urn:${id}`,
  text,
  source: "a.warc",
  metadata: { url: `https://example.org/${id}`, date: "2026-01-02T03:04:05Z", ...metadata },
});

const conversion = (id: string, text: string | Uint8Array, fields = {}) =>
  warcRecord({
    "WARC-Type": "conversion",
    "WARC-Record-ID": `<urn:${id}>`,
    "WARC-Target-URI": `<https://example.org/${id}>`,
    "warc-date": "2026-01-02T03:04:05Z",
    "Content-Type": "text/plain",
    ...fields,
  }, text);

testTransform<Uint8Array, Document>("readWarc", {
  make: () => readWarc("a.warc"),
  split: cutBytes,
  cases: [
    {
      label: "pages and texts of responses, resources and conversions; nothing of the rest",
      input: [
        INFO,
        warcRecord({ "WARC-Type": "request" }, "GET / HTTP/1.1\r\n\r\n"),
        warcResponse(
          "page",
          OK,
          "<title>Page</title><nav><a href=/>Home</a></nav><p>What 诗 says.",
        ),
        warcResponse("text", "HTTP/1.0 200\ncontent-type: Text/Plain", "plain\ntext"),
        warcResponse("missing", "HTTP/1.1 404 Not Found\nContent-Type: text/html", "<p>No page"),
        warcResponse("image", "HTTP/1.1 200 OK\nContent-Type: image/png", Uint8Array.of(0, 1)),
        warcResponse("empty", OK, "<nav><a href=/>Home</a></nav>"),
        conversion("wet", "converted 诗\n"),
        conversion("folded", "", { "X-Long": "one\r\n  two", "WARC-Date": "2026-01-02T03:04:05Z" }),
      ],
      output: [
        document("page", "What 诗 says.", { title: "Page" }),
        document("text", "plain\ntext"),
        document("wet", "converted 诗\n"),
        document("folded", ""),
      ],
    },
    {
      label: "records without the empty line behind them, or with more",
      input: [
        conversion("1", "one").subarray(0, -4),
        utf8("\r\n"),
        conversion("2", "two").subarray(0, -4),
        conversion("3", "three"),
        utf8("\n\n\n"),
        conversion("4", "four").subarray(0, -2),
      ],
      output: ["one", "two", "three", "four"].map((text, i) => document(`${i + 1}`, text)),
    },
  ],
  broken: [{
    label: "a record that is cut short",
    input: [conversion("1", "one"), conversion("2", "two").subarray(0, -6)],
    message: "it was cut short",
    path: "a.warc",
    byteOffset: conversion("1", "one").length + conversion("2", "two").length - 6,
  }],
});

const read = (reader: DocumentReader, chunks: Uint8Array[]) =>
  Array.fromAsync(ReadableStream.from(chunks).pipeThrough(reader));

Deno.test("readWarc: takes chunks and compression off, also where crawlers have done so before", async () => {
  const html = utf8("<p>The body.");
  const chunked = utf8("5;ext=1\r\n<p>Th\r\n7\r\ne body.\r\n0\r\n\r\n");
  const cases: [string, string, Uint8Array][] = [
    ["chunked", "Transfer-Encoding: chunked", chunked],
    ["no chunks", "Transfer-Encoding: chunked", html],
    ["gzip", "Content-Encoding: gzip", gzipSync(html)],
    ["no gzip", "Content-Encoding: gzip", html],
    ["deflate", "Content-Encoding: deflate", deflateSync(html)],
    ["brotli", "Content-Encoding: br", brotliCompressSync(html)],
    ["zstd", "Content-Encoding: zstd", zstdCompressSync(html)],
    [
      "both",
      "Content-Encoding: gzip\nTransfer-Encoding: chunked",
      concatBytes([
        utf8(`${gzipSync(html).length.toString(16)}\r\n`),
        gzipSync(html),
        utf8("\r\n0\r\n\r\n"),
      ]),
    ],
  ];
  for (const [label, header, body] of cases) {
    const record = warcResponse("x", `${OK}\n${header}`, new Uint8Array(body));
    const documents = await read(readWarc("a.warc"), [record]);
    assertEquals([label, documents], [label, [document("x", "The body.")]]);
  }
});

Deno.test("readWarc: a body that can't be unpacked, or is a bomb, is skipped", async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(2_000_000).fill(0x61)));
  const reader = readWarc("a.warc", { maxDocumentBytes: 1_000_000 });
  const head = `${OK}\nContent-Encoding: gzip`;
  const records = [
    warcResponse("bomb", head, bomb),
    warcResponse("cut", head, bomb.subarray(0, 500)),
    warcResponse("no http", "not http at all", "x"),
    conversion("fine", "fine"),
  ];
  assertEquals(await read(reader, records), [document("fine", "fine")]);
  assertEquals(reader.report, { records: 4, documents: 1, replaced: 0, invalid: 0, skipped: 3 });
});

Deno.test("readWarc: pages in the charset of their server, WET strictly in UTF-8", async () => {
  const latin = "HTTP/1.1 200 OK\nContent-Type: text/plain; charset=iso-8859-1";
  const page = warcResponse("latin", latin, Uint8Array.of(0xe9));
  assertEquals(await read(readWarc("a.warc"), [page]), [document("latin", "é")]);
  const broken = conversion("wet", Uint8Array.of(65, 0xe9, 65));
  const start = broken.length - 4 - 3;
  const error = await assertRejects(
    () => read(readWarc("a.warc"), [broken]),
    DataError,
    "wanted UTF-8, got a broken character at byte 0xe9",
  );
  assertEquals([error.path, error.byteOffset], ["a.warc", start + 1]);
  assertEquals(await read(readWarc("a.warc", { onInvalid: "replace" }), [broken]), [
    document("wet", "A\uFFFDA"),
  ]);
  const dropping = readWarc("a.warc", { onInvalid: "drop" });
  assertEquals(await read(dropping, [broken]), []);
  assertEquals(dropping.report, { records: 1, documents: 0, replaced: 0, invalid: 1, skipped: 0 });
});

Deno.test("readWarc: a file cut within a record is an error that says which", async () => {
  const first = conversion("1", "first");
  const whole = concatBytes([first, conversion("2", "second")]);
  for (let length = first.length + 1; length < whole.length - 4; length += 5) {
    for (const chunks of [[whole.subarray(0, length)], ...cutBytes([whole.subarray(0, length)])]) {
      const error = await assertRejects(
        () => read(readWarc("a.warc"), chunks),
        DataError,
        `Cannot read the record that begins at byte ${first.length}: wanted `,
      );
      assert(error.message.endsWith(`, at a.warc:${length}`), error.message);
    }
  }
});

Deno.test("readWarc: a broken header or a wrong length is an error with its offset", async () => {
  const first = conversion("1", "first");
  const at = first.length;
  const second = (length: string) => conversion("2", "a second text", { "Content-Length": length });
  const blockEnd = (length: number) => at + second(`${length}`).length - 4 - 13 + length;
  const cases: [Uint8Array, string, number][] = [
    [second("many"), "wanted its length in Content-Length, got many; fetch the file again", at],
    [second("-1"), "wanted its length in Content-Length, got -1", at],
    [second("99999999999999999999"), "wanted its length in Content-Length, got 99999999999", at],
    [utf8("WARC/1.0\r\nA: b\r\n\r\n"), "wanted its length in Content-Length, got none", at],
    [second("3"), "wanted its end after the 3 bytes that its Content-Length says", blockEnd(3)],
    [utf8("HTTP/1.1 200 OK\r\n\r\n"), "wanted its end after the 5 bytes", at - 4],
    [utf8(`WARC/1.0\r\n${"x".repeat(70_000)}`), "wanted a header of at most 65536 bytes", at],
  ];

  for (const [bytes, message, offset] of cases) {
    const error = await assertRejects(
      () => read(readWarc("a.warc"), [first, bytes, conversion("3", "third")]),
      DataError,
      message,
    );
    assertEquals([message, error.byteOffset, error.path], [message, offset, "a.warc"]);
  }
  const other = await assertRejects(
    () => read(readWarc("a.warc"), [utf8("<html>not a WARC file</html>\n")]),
    DataError,
    'wanted WARC/1.0 or WARC/1.1, got "<html>not a WARC file</html>"',
  );
  assertEquals(other.byteOffset, 0);
});

Deno.test("readWarc: a text over maxDocumentBytes is an error, other records may be longer", async () => {
  const large = warcResponse("film", "HTTP/1.1 200 OK\nContent-Type: video/mp4", "x".repeat(5000));
  const options = { maxDocumentBytes: 1000 };
  assertEquals(await read(readWarc("a.warc", options), [large]), []);
  const error = await assertRejects(
    () => read(readWarc("a.warc", options), [large, conversion("1", "x".repeat(5000))]),
    DataError,
    "wanted at most 1000 bytes, got more; raise maxDocumentBytes",
  );
  assertEquals(error.byteOffset, large.length);
});

const WARCS = new URL("../../../../../shared/data/warc/", import.meta.url);
const ignore = await Deno.stat(WARCS).then(() => false, () => true);

Deno.test(
  { name: "readWarc reads files of other crawlers (shared/data/warc)", ignore },
  async () => {
    const readFile = async (name: string) => {
      const path = decodeURIComponent(new URL(name, WARCS).pathname);
      const reader = readWarc(name);
      const bytes = readBytes(path).pipeThrough(decompress(name));
      const documents = await Array.fromAsync(bytes.pipeThrough(reader));
      const { records, skipped } = reader.report;
      assertEquals(records, documents.length + skipped);
      return { documents, records };
    };
    const counts: [string, number, number][] = [
      ["whirlwind/whirlwind.warc.gz", 4, 1],
      ["whirlwind/whirlwind.warc.wat.gz", 2, 0],
      ["whirlwind/whirlwind.warc.wet.gz", 2, 1],
      ["warcio/example.warc", 6, 1],
      ["warcio/example.warc.gz", 6, 1],
      ["warcio/example-iana.org-chunked.warc", 3, 1],
      ["warcio/example-resource.warc.gz", 3, 1],
      ["warcio/example-wrong-chunks.warc.gz", 2, 1],
      ["warcio/post-test.warc.gz", 6, 0],
      ["resiliparse/block-sized-records.warc.gz", 3, 0],
      ["ia-web-commons/IAH-urls-wget.warc.gz", 36, 3],
      ["dolma/sample-0000.warc.gz", 48, 22],
    ];
    for (const [name, records, documents] of counts) {
      const read = await readFile(name);
      assertEquals([name, read.records, read.documents.length], [name, records, documents]);
    }
    const [page] = (await readFile("whirlwind/whirlwind.warc.gz")).documents;
    const [wet] = (await readFile("whirlwind/whirlwind.warc.wet")).documents;
    const metadata = {
      url: "https://an.wikipedia.org/wiki/Escopete",
      date: "2024-05-18T01:58:10Z",
    };
    const title = "Escopete - Biquipedia, a enciclopedia libre";
    assertEquals([page.metadata, wet.metadata], [{ ...metadata, title }, metadata]);
    assert(page.text.startsWith("Escopete ye un municipio d'a provincia de Guadalachara"));
    assert(wet.text.startsWith(title));
    await assertRejects(
      () => readFile("warcio/example-trunc.warc"),
      DataError,
      "the record that begins at byte 1197: wanted its end after the 973 bytes",
    );
  },
);
