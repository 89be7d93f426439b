import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import {
  INPUT_FORMATS,
  listSources,
  readDocuments,
  readFileDocuments,
} from "../../../data/sources/mod.ts";
import { concatBytes } from "../../../data/sources/byte_reader.ts";
import { DataError } from "../../../data/mod.ts";
import { tarMember, tarOf, warcResponse } from "./formats/archives.ts";
import { utf8, withFiles } from "./streams.ts";

const gzip = (bytes: Uint8Array | string) => new Uint8Array(gzipSync(bytes));
const textsOf = async (sources: string[], options = {}) =>
  (await Array.fromAsync(readDocuments(sources, options).documents)).map(({ text }) => text);

const PAGE = "<title>T</title><nav><a href=/>Home</a></nav><p>A page.";
const OK = "HTTP/1.1 200 OK\nContent-Type: text/html";

/** The same two texts, or one page, in each format that a name tells. */
const FILES: Record<string, Uint8Array> = {
  "a.txt": utf8("first"),
  "b.md.gz": gzip("# first"),
  "c.jsonl.zst": new Uint8Array(zstdCompressSync('{"text":"first"}\n{"text":"second"}\n')),
  "d.json.br": new Uint8Array(brotliCompressSync('[{"text":"first"},{"text":"second"}]')),
  "e.csv": utf8("text,n\nfirst,1\nsecond,2\n"),
  "f.tsv": utf8("n\ttext\n1\tfirst\n2\tsecond\n"),
  "g.htm": utf8(PAGE),
  "h.TAR.GZ": gzip(tarOf(tarMember("1.txt", "first"), tarMember("2.txt", "second"))),
  "i.tgz": gzip(tarOf(tarMember("1.json", '{"text":"first"}'))),
  "j.warc.gz": concatBytes([gzip(warcResponse("1", OK, PAGE)), gzip(warcResponse("2", OK, PAGE))]),
  "k.unknown": concatBytes([Uint8Array.of(0xff, 0xfe), Uint8Array.of(65, 0, 66, 0)]),
};

Deno.test("readDocuments: tells format and compression of each file, in order", async () => {
  await withFiles(FILES, async (folder) => {
    const { documents, reports } = readDocuments([folder]);
    const read: Record<string, string[]> = {};
    for await (const { text, source } of documents) {
      (read[source.slice(folder.length + 1)] ??= []).push(text);
    }
    assertEquals(read, {
      "a.txt": ["first"],
      "b.md.gz": ["# first"],
      "c.jsonl.zst": ["first", "second"],
      "d.json.br": ["first", "second"],
      "e.csv": ["first", "second"],
      "f.tsv": ["first", "second"],
      "g.htm": ["A page."],
      "h.TAR.GZ": ["first", "second"],
      "i.tgz": ["first"],
      "j.warc.gz": ["A page.", "A page."],
      "k.unknown": ["AB"],
    });
    for (const { path, bytes, sha256, documents } of reports) {
      const file = FILES[path.slice(folder.length + 1)];
      const hash = createHash("sha256").update(file).digest("hex");
      assertEquals([path, bytes, sha256], [path, file.length, hash]);
      assertEquals(documents, read[path.slice(folder.length + 1)].length);
    }
  });
});

Deno.test("readDocuments: the format can be said, for names that tell nothing or something else", async () => {
  const archive = tarOf(tarMember("1.txt", "sample"), tarMember("1.json", '{"n":1}'));
  const files = {
    "lines": utf8("a\nb\n"),
    "rows": utf8("a|b|"),
    "a.txt": utf8('{"text":"x"}'),
    "pairs.tar": archive,
  };
  await withFiles(files, async (folder) => {
    assertEquals(await textsOf([`${folder}/lines`], { inputFormat: "lines" }), ["a", "b"]);
    assertEquals(await textsOf([`${folder}/rows`], { separator: "|" }), ["a", "b"]);
    assertEquals(await textsOf([`${folder}/a.txt`], { inputFormat: "jsonl" }), ["x"]);
    const { documents } = readDocuments([`${folder}/pairs.tar`], { inputFormat: "webdataset" });
    assertEquals(await Array.fromAsync(documents), [
      { id: "1", text: "sample", source: `${folder}/pairs.tar`, metadata: { n: 1 } },
    ]);
  });
  const stdin = ReadableStream.from([utf8("from a pipe")]);
  assertEquals(await textsOf(["-"], { stdin }), ["from a pipe"]);
  assert(INPUT_FORMATS.includes("warc"));
});

Deno.test("readFileDocuments: the report counts as it goes and is whole at the end", async () => {
  const content = Array.from({ length: 20_000 }, (_, i) => `{"text":"line ${i * i} of it"}\n`);
  const packed = concatBytes([gzip(content.join("")), gzip(""), gzip('{"text":"\\ud800"}\n')]);
  await withFiles({ "a.jsonl.gz": packed }, async (folder) => {
    const [file] = await listSources([`${folder}/a.jsonl.gz`]);
    const content = readFileDocuments(file, { onInvalid: "drop" });
    const reader = content.documents.getReader();
    await reader.read();
    assert(content.report.bytes > 0 && content.report.bytes < packed.length);
    assertEquals(content.report.sha256, "");
    while (!(await reader.read()).done);
    const { expandedBytes, sha256, ...report } = content.report;
    assertEquals(report, {
      path: `${folder}/a.jsonl.gz`,
      bytes: packed.length,
      compression: "gzip",
      frames: 3,
      records: 20_001,
      documents: 20_000,
      replaced: 0,
      invalid: 1,
      skipped: 0,
    });
    assert(expandedBytes > 500_000 && sha256.length === 64);
  });
});

Deno.test("readDocuments: a broken file is one error, or left there and counted", async () => {
  const whole = gzip(Array.from({ length: 500 }, (_, i) => `{"text":"${i * i}"}\n`).join(""));
  const files = {
    "1.jsonl": '{"text":"good"}\n',
    "2.jsonl.gz": whole.slice(0, -9),
    "3.txt": "end",
  };
  await withFiles(files, async (folder) => {
    const message = "Cannot unpack gzip: the file ends in the middle of its data; it was cut " +
      `short, fetch it again, at ${folder}/2.jsonl.gz:`;
    await assertRejects(() => textsOf([folder]), DataError, message);
    const { documents, reports, bad } = readDocuments([folder], { skipBadFiles: true });
    const texts = (await Array.fromAsync(documents)).map(({ text }) => text);
    assertEquals([texts[0], texts.at(-1)], ["good", "end"]);
    assertEquals(reports.map(({ path }) => path), [`${folder}/1.jsonl`, `${folder}/3.txt`]);
    assertEquals(bad.map(({ path }) => path), [`${folder}/2.jsonl.gz`]);
    assert(bad[0].error.startsWith(message), bad[0].error);
  });
});

Deno.test("readDocuments: bombs stop, whatever their format", async () => {
  const bomb = gzip(new Uint8Array(5_000_000).fill(0x61));
  const archive = tarOf(tarMember("b.txt.gz", bomb));
  const files = { "a.txt.gz": bomb, "b.tar": archive, "c.warc.gz": bomb, "d.csv.gz": bomb };
  await withFiles(files, async (folder) => {
    for (const name of Object.keys(files)) {
      const error = await assertRejects(
        () => textsOf([`${folder}/${name}`], { maxExpandedBytes: 100_000 }),
        DataError,
      );
      const place = name === "b.tar" ? "b.tar/b.txt.gz" : name;
      assertEquals(error.path, `${folder}/${place}`);
      assert(name === "c.warc.gz" || error.message.includes("wanted at most 100000 bytes"), name);
    }
  });
});

Deno.test("readDocuments: brotli by Content-Encoding, resumed where the connection dropped", async () => {
  const text = Array.from({ length: 30_000 }, (_, i) => `${i * i} `).join("");
  const packed = new Uint8Array(brotliCompressSync(text));
  const ranges: (string | null)[] = [];
  const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
  const server = Deno.serve(options, ({ headers }) => {
    ranges.push(headers.get("range"));
    const start = Number(/\d+/.exec(headers.get("range") ?? "0")![0]);
    const rest = packed.slice(start);
    const cut = ranges.length === 2 ? rest.slice(0, 10_000) : rest;
    return new Response(ReadableStream.from([cut]), {
      status: start > 0 ? 206 : 200,
      headers: {
        "content-encoding": "br",
        "content-length": `${rest.length}`,
        etag: '"1"',
        ...(start > 0 && {
          "content-range": `bytes ${start}-${packed.length - 1}/${packed.length}`,
        }),
      },
    });
  });
  try {
    const url = `http://127.0.0.1:${server.addr.port}/page`;
    const { documents, reports } = readDocuments([url]);
    assertEquals((await Array.fromAsync(documents)).map((each) => each.text), [text]);
    assertEquals(ranges, [null, null, "bytes=10000-"]);
    assertEquals([reports[0].bytes, reports[0].compression], [packed.length, "brotli"]);
  } finally {
    await server.shutdown();
  }
});
