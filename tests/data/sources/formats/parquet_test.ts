import { assert, assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import {
  type ParquetFile,
  readParquet,
  type ReadParquetOptions,
} from "../../../../data/sources/formats/parquet.ts";
import { listSources, readDocuments } from "../../../../data/sources/mod.ts";
import { DataError, type Document } from "../../../../data/mod.ts";
import { cutBytes, utf8, withFiles } from "../streams.ts";

type Columns = Parameters<typeof parquetWriteBuffer>[0]["columnData"];

const write = (columnData: Columns, rowGroupSize = 4) =>
  new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));

const document = (id: string, text: string, metadata = {}): Document => (
  { id, text, source: "a.parquet", metadata }
);

/** A file in memory that notes which parts of it are asked for. */
function fileOf(bytes: Uint8Array, parts: number[][] = []): ParquetFile {
  const open = ({ start = 0, end = bytes.length } = {}) => {
    parts.push([start, end]);
    return ReadableStream.from([bytes.subarray(start, end)]);
  };
  return { path: "a.parquet", size: bytes.length, open };
}

const read = (file: Uint8Array, options?: ReadParquetOptions, chunks = [file]) =>
  Array.fromAsync(ReadableStream.from(chunks).pipeThrough(readParquet(fileOf(file), options)));

const TEXTS = Array.from({ length: 10 }, (_, i) => `text ${i} 诗 ${"word ".repeat(i)}`);
const FILE = write([
  { name: "n", data: TEXTS.map((_, i) => BigInt(i)), type: "INT64" },
  { name: "text", data: TEXTS, type: "STRING" },
  { name: "day", data: TEXTS.map((_, i) => new Date(i * 86_400_000)), type: "TIMESTAMP" },
  { name: "blob", data: TEXTS.map(() => Uint8Array.of(0xff)), type: "BYTE_ARRAY" },
]);
const DOCUMENTS = TEXTS.map((text, i) =>
  document(`${i}`, text, { n: i, day: `1970-01-${`${i + 1}`.padStart(2, "0")}T00:00:00.000Z` })
);

Deno.test("readParquet: rows of all row groups, their other columns as plain JSON", async () => {
  for (const chunks of [[FILE], ...cutBytes([FILE])]) {
    assertEquals(await read(FILE, {}, chunks), DOCUMENTS);
  }
  const none = ReadableStream.from<Uint8Array>([]).pipeThrough(readParquet(fileOf(FILE)));
  assertEquals(await Array.fromAsync(none), []);
});

Deno.test("readParquet: reads the file once, and ahead of it the footer only", async () => {
  const parts: number[][] = [];
  let read = 0;
  const bytes = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (read === FILE.length) return controller.close();
      controller.enqueue(FILE.slice(read, read += 1));
    },
  }, { highWaterMark: 0 });
  const reader = bytes.pipeThrough(readParquet(fileOf(FILE, parts))).getReader();
  await reader.read();
  const first = read;
  assert(first < FILE.length / 2, `read ${first} of ${FILE.length} bytes for the first row`);
  while (!(await reader.read()).done);
  assertEquals(read, FILE.length);
  assertEquals(parts, [[FILE.length - 4, FILE.length], [0, FILE.length]]);
});

Deno.test("readParquet: other columns for text and id, null texts, large numbers", async () => {
  const file = write([
    { name: "body", data: ["a", null, "c"], type: "STRING", nullable: true },
    { name: "key", data: [2n ** 60n, 2n, 3n], type: "INT64" },
    { name: "x", data: [1.5, null, NaN], type: "DOUBLE", nullable: true },
  ]);
  const reader = readParquet(fileOf(file), { textField: "body", idField: "key" });
  const documents = await Array.fromAsync(ReadableStream.from([file]).pipeThrough(reader));
  assertEquals(documents, [
    document(`${2n ** 60n}`, "a", { x: 1.5 }),
    document("3", "c", { x: null }),
  ]);
  assertEquals(reader.report, { records: 3, documents: 2, replaced: 0, invalid: 0, skipped: 1 });
});

Deno.test("readParquet: text that is no UTF-8 follows onInvalid", async () => {
  const data = [utf8("good"), Uint8Array.of(65, 0xff), utf8("end")];
  const file = write([{ name: "text", data, type: "BYTE_ARRAY" }]);
  const error = await assertRejects(() => read(file), DataError, "wanted UTF-8, got a broken");
  assertEquals(error.byteOffset, 5); // the row group begins at 4
  const texts = async (onInvalid: "replace" | "drop") =>
    (await read(file, { onInvalid })).map(({ text }) => text);
  assertEquals(await texts("replace"), ["good", "A\uFFFD", "end"]);
  assertEquals(await texts("drop"), ["good", "end"]);
});

Deno.test("readParquet: what can't be read is an error that says why", async () => {
  const packed = new Uint8Array(gzipSync(FILE));
  const cases: [Uint8Array, ReadParquetOptions, string, number][] = [
    [packed, {}, "wanted a file that begins with PAR1, got a compressed one; unpack it", 0],
    [utf8("text, no Parquet"), {}, "wanted a file that begins with PAR1, got another one", 0],
    [utf8("PAR1PAR1"), {}, "wanted a file of at least 12 bytes, got 8", 0],
    [
      FILE,
      { textField: "body" },
      "wanted a column body, got n, text, day, blob; name one of them (textField)",
      0,
    ],
    [FILE, { idField: "key" }, "wanted a column key, got n, text, day, blob", 0],
    [FILE, { textField: "n" }, "wanted text in the field n, got a number", 4],
    [FILE, { maxRowGroupBytes: 100 }, "wanted at most 100 bytes in memory, got ", 4],
    [FILE, { maxDocumentBytes: 10 }, "wanted at most 10 bytes, got more", 4],
  ];
  for (const [file, options, message, offset] of cases) {
    const error = await assertRejects(() => read(file, options), DataError, message);
    assertEquals([message, error.path, error.byteOffset], [message, "a.parquet", offset]);
  }
  for (
    const [file, message] of [
      [{ ...fileOf(FILE), path: "-" }, "got standard input; save it as a file"],
      [{ ...fileOf(FILE), size: undefined }, "got one of unknown size"],
    ] as const
  ) {
    await assertRejects(
      () => Array.fromAsync(ReadableStream.from([FILE]).pipeThrough(readParquet(file))),
      DataError,
      `Cannot read Parquet: wanted a file that can be read from its end, ${message}`,
    );
  }
});

Deno.test("readParquet: a file cut anywhere is an error", async () => {
  for (let length = 1; length < FILE.length; length += 13) {
    const error = await assertRejects(
      () => read(FILE.slice(0, length)),
      DataError,
      "Cannot read Parquet: wanted a file ",
    );
    assert(error.path === "a.parquet" && error.byteOffset <= length, error.message);
  }
  const cut = FILE.slice(0, 700);
  const error = await assertRejects(() => read(cut), DataError, "it was cut short, fetch it again");
  assertEquals(error.byteOffset, 696);
});

Deno.test("readParquet: a changed footer is a DataError or changes a value, nothing else", async () => {
  const footer = FILE.length - 8 - new DataView(FILE.buffer).getUint32(FILE.length - 8, true);
  let errors = 0;
  for (let at = footer; at < FILE.length; at += 3) {
    const broken = FILE.slice();
    broken[at] ^= 0x91;
    try {
      assert((await read(broken)).length <= TEXTS.length);
    } catch (error) {
      assert(error instanceof DataError, `byte ${at}: ${error}`);
      errors++;
    }
  }
  assert(errors > 50, `${errors} errors`);
});

Deno.test("readParquet: a page that lies about its size is an error where it begins", async () => {
  const column = write([{ name: "text", data: TEXTS, type: "STRING" }], 100);
  const cases: [number, number, string][] = [
    [4, 0xff, "wanted the header of a page, got "],
    [11, 0x7f, "wanted a page within its column, got one of "],
  ];
  for (const [at, byte, message] of cases) {
    const broken = column.slice();
    broken[at] = byte;
    const error = await assertRejects(() => read(broken), DataError, message);
    assertEquals([message, error.byteOffset], [message, 4]);
  }
});

Deno.test("readParquet: pages without checksums, changed anywhere, end in rows or a DataError", async () => {
  const data = Array.from({ length: 40 }, (_, i) => i % 7 === 0 ? null : `word ${i % 3}`);
  for (
    const encoding of ["RLE_DICTIONARY", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"] as const
  ) {
    for (const codec of ["UNCOMPRESSED", "SNAPPY"] as const) {
      const column = { name: "text", data, type: "STRING", nullable: true, encoding } as const;
      const file = new Uint8Array(parquetWriteBuffer({ columnData: [column], codec }));
      assertEquals((await read(file)).length, 34);
      const footer = file.length - 8 - new DataView(file.buffer).getUint32(file.length - 8, true);
      let errors = 0;
      for (let at = 4; at < footer; at++) {
        const broken = file.slice();
        for (const byte of [0, 0x80, 0xff]) {
          broken[at] = byte;
          await read(broken, { maxRowGroupBytes: 2 ** 24 }).catch((error) => {
            assert(error instanceof DataError, `${encoding}, ${codec}, byte ${at}: ${error}`);
            errors++;
          });
        }
      }
      assert(errors > footer, `${errors} errors`);
    }
  }
});

Deno.test("readParquet: a run that goes on without end is an error where its page begins", async () => {
  const data = Array.from({ length: 100 }, () => "word");
  const column = { name: "text", data, type: "STRING", nullable: true } as const;
  const file = new Uint8Array(
    parquetWriteBuffer({ columnData: [column], codec: "UNCOMPRESSED" }),
  );
  // The levels are one run of 100 ones.
  const run = file.findIndex((_, i) => file[i] === 0xc8 && file[i + 1] === 1 && file[i + 2] === 1);
  assert(run > 0);
  file.set([0xfe, 0x7f], run);
  const error = await assertRejects(
    () => read(file),
    DataError,
    "wanted 100 values in a page, got a run of 8191 values where 100 are left",
  );
  assert(error.byteOffset < run, `${error.byteOffset} and ${run}`);
});

Deno.test("readParquet: through readDocuments, from disk and by range requests", async () => {
  const asked: (string | null)[] = [];
  const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
  const server = Deno.serve(options, ({ headers }) => {
    const range = headers.get("range");
    asked.push(range);
    const [start, last] = range?.match(/\d+/g)?.map(Number) ?? [0];
    const part = FILE.slice(start, (last ?? FILE.length - 1) + 1);
    return new Response(part, {
      status: range ? 206 : 200,
      headers: {
        etag: '"1"',
        "content-length": `${part.length}`,
        ...(range && {
          "content-range": `bytes ${start}-${start + part.length - 1}/${FILE.length}`,
        }),
      },
    });
  });
  try {
    await withFiles({ "a.parquet": FILE, "b.parquet.gz": gzipSync(FILE) }, async (folder) => {
      const url = `http://127.0.0.1:${server.addr.port}/a.parquet`;
      for (const source of [`${folder}/a.parquet`, url]) {
        const { documents, reports } = readDocuments([source]);
        const expected = DOCUMENTS.map((each) => ({ ...each, source }));
        assertEquals(await Array.fromAsync(documents), expected);
        const { bytes, expandedBytes, compression, records } = reports[0];
        assertEquals([bytes, expandedBytes, compression, records], [
          FILE.length,
          FILE.length,
          "none",
          10,
        ]);
      }
      const end = FILE.length - 1;
      assertEquals(asked, [null, null, `bytes=${end - 3}-${end}`, `bytes=0-${end}`]);
      await assertRejects(
        () => Array.fromAsync(readDocuments([`${folder}/b.parquet.gz`]).documents),
        DataError,
        "got a compressed one; unpack it",
      );
    });
  } finally {
    await server.shutdown();
  }
});

const PARQUETS = new URL("../../../../../shared/data/parquet/", import.meta.url);
const ignore = await Deno.stat(PARQUETS).then(() => false, () => true);

Deno.test(
  { name: "readParquet reads files of other writers (shared/data/parquet)", ignore },
  async () => {
    const cases: [string, string, number, string, number][] = [
      ["parquet-testing/rle-dict-snappy-checksum", "binary_field", 1000, "c95e263a-f5d4-401f", 0],
      ["parquet-testing/plain-dict-uncompressed-checksum", "binary_field", 1000, "a655fd0e", 0],
      ["parquet-testing/hadoop_lz4_compressed", "c1", 4, "abc", 0],
      ["parquet-testing/lz4_raw_compressed", "c1", 4, "abc", 0],
      ["parquet-testing/alltypes_plain.snappy", "date_string_col", 2, "04/01/09", 0],
      ["parquet-testing/alltypes_tiny_pages", "date_string_col", 7300, "01/13/09", 0],
      ["parquet-testing/datapage_v2.snappy", "a", 4, "abc", 1],
      ["parquet-testing/delta_byte_array", "c_customer_id", 1000, "AAAAAAAAIODAAAAA", 0],
      ["parquet-testing/delta_length_byte_array", "FRUIT", 1000, "apple_banana_mango0", 0],
      ["parquet-testing/page_v2_empty_compressed", "integer_column", 0, "", 10],
      ["hyparquet/alpha", "id", 676, "aa", 0],
      ["hyparquet/brotli_compressed", "c1", 4, "abc", 0],
      ["hyparquet/offset_indexed", "content", 200, "processing indexing data", 0],
      ["hyparquet/page_index", "word", 3000, "word-000000", 0],
    ];
    for (const [name, textField, count, start, skipped] of cases) {
      const [file] = await listSources([
        decodeURIComponent(new URL(`${name}.parquet`, PARQUETS).pathname),
      ]);
      const reader = readParquet(file, { textField });
      const documents = await Array.fromAsync(file.open().pipeThrough(reader));
      assertEquals([name, documents.length, reader.report.skipped], [name, count, skipped]);
      assert((documents[0]?.text ?? "").startsWith(start), `${name}: ${documents[0]?.text}`);
    }
    const rows = JSON.parse(
      await Deno.readTextFile(new URL("hyparquet/page_index.json", PARQUETS)),
    );
    const [file] = await listSources([
      decodeURIComponent(new URL("hyparquet/page_index.parquet", PARQUETS).pathname),
    ]);
    const documents = await Array.fromAsync(
      file.open().pipeThrough(readParquet(file, { textField: "word" })),
    );
    const read = documents.map(({ id, text, metadata }) => [
      Number(id),
      text,
      metadata.payload,
      metadata.category,
    ]);
    assertEquals(read, rows);
  },
);
