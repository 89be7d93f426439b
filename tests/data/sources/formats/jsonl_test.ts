import { assert, assertEquals, assertRejects } from "@std/assert";
import { readJson, readJsonl } from "../../../../data/sources/formats/jsonl.ts";
import type { ReadFieldsOptions } from "../../../../data/sources/formats/fields.ts";
import type { DocumentReader } from "../../../../data/sources/formats/document_reader.ts";
import { DataError, type Document } from "../../../../data/mod.ts";
import { testTransform } from "../../contract.ts";
import { cutBytes, utf8 } from "../streams.ts";

type Reader = (path: string, options?: ReadFieldsOptions) => DocumentReader;

const document = (id: string, text: string, metadata = {}): Document => (
  { id, text, source: "a", metadata }
);

const read = (reader: Reader, text: string | Uint8Array, options?: ReadFieldsOptions) =>
  Array.fromAsync(
    ReadableStream.from([typeof text === "string" ? utf8(text) : text])
      .pipeThrough(reader("a", options)),
  );

/** The error of reading, which must not depend on how the bytes are cut. */
async function fails(reader: Reader, text: string, message: string): Promise<DataError> {
  const error = await assertRejects(() => read(reader, text), DataError, message);
  for (const chunks of cutBytes([utf8(text)])) {
    const cut = await assertRejects(
      () => Array.fromAsync(ReadableStream.from(chunks).pipeThrough(reader("a"))),
      DataError,
      message,
    );
    assertEquals(cut.message, error.message);
  }
  return error;
}

testTransform<Uint8Array, Document>("readJsonl", {
  make: () => readJsonl("a"),
  split: cutBytes,
  cases: [
    {
      label: "objects with and without ids and other fields; blank lines",
      input: [
        utf8('\uFEFF{"id":"x","text":"first 诗","n":[1]}\r\n \n{"text":""}\n'),
        utf8('{"id":7,"text":"a\\nb"}\n{"id":"","text":["l1","l2"]}'),
      ],
      output: [
        document("x", "first 诗", { n: [1] }),
        document("1", ""),
        document("7", "a\nb"),
        document("3", "l1\nl2", { id: "" }),
      ],
    },
  ],
  broken: [{
    label: "a line that is no JSON",
    input: [utf8('{"text":"é"}\n{"text"')],
    message: "wanted a JSON object",
    path: "a",
    byteOffset: 14,
  }],
});

testTransform<Uint8Array, Document>("readJson", {
  make: () => readJson("a"),
  split: cutBytes,
  cases: [
    {
      label: "an array",
      input: [
        utf8('\uFEFF [ {"text":"a ] \\" , \\\\"},\n{"text":"诗","x":{"y":[[]]}} , {"text":"c"}]\n'),
      ],
      output: [
        document("0", 'a ] " , \\'),
        document("1", "诗", { x: { y: [[]] } }),
        document("2", "c"),
      ],
    },
    {
      label: "objects one after another, and arrays among them",
      input: [utf8('{"text":"a"}{"text":\n"b"}\n[]\n[{"text":"c"}]{"text":"d"}')],
      output: ["a", "b", "c", "d"].map((text, i) => document(`${i}`, text)),
    },
  ],
  broken: [{
    label: "an array that is cut short",
    input: [utf8('{"text":"a"}\n [{"text":"b"}')],
    message: "the file ends within the array that begins here",
    path: "a",
    byteOffset: 14,
  }],
});

Deno.test("readJsonl: takes other fields for text and id", async () => {
  const line = '{"body":"b","key":"k","text":"t"}\n';
  assertEquals(await read(readJsonl, line, { textField: "body", idField: "key" }), [
    document("k", "b", { text: "t" }),
  ]);
});

Deno.test("readJsonl: a line that is no object with text is an error where it begins", async () => {
  const good = '{"text":"é"}\n';
  const cases: [string, string][] = [
    ['{"text":"a"', 'wanted a JSON object, got "{\\"text\\":\\"a\\""'],
    ["plain\n", 'wanted a JSON object, got "plain"'],
    ["[1]\n", "wanted an object with the field text, got an array"],
    ["null\n", "got null"],
    [
      '{"body":"x","n":1}\n',
      "wanted text in the field text, got no such field; its fields are body, n",
    ],
    ['{"text":5}\n', "got a number"],
    ['{"text":null}\n', "got null"],
  ];
  for (const [line, message] of cases) {
    const error = await fails(readJsonl, good + line, message);
    assertEquals(error.byteOffset, good.length + 1);
  }
  await assertRejects(
    () => read(readJsonl, good, { idField: "key" }),
    DataError,
    "wanted an id in the field key, got no such field",
  );
});

Deno.test("readJsonl: half a surrogate pair and broken UTF-8 follow onInvalid", async () => {
  const half = '{"text":"a\\ud800"}\n{"text":"b"}\n';
  const error = await assertRejects(
    () => read(readJsonl, half),
    DataError,
    "half a surrogate pair",
  );
  assertEquals(error.byteOffset, 0);
  const byte = Uint8Array.from([...utf8('{"text":"a'), 0xc0, ...utf8('"}\n{"text":"b"}\n')]);
  assertEquals(
    (await assertRejects(() => read(readJsonl, byte), DataError, "wanted UTF-8")).byteOffset,
    10,
  );
  for (const input of [half, byte]) {
    assertEquals(await read(readJsonl, input, { onInvalid: "replace" }), [
      document("0", "a\uFFFD"),
      document("1", "b"),
    ]);
    assertEquals(await read(readJsonl, input, { onInvalid: "drop" }), [document("1", "b")]);
  }
});

Deno.test("readJsonl: an endless line stops at maxDocumentBytes, holding no more", async () => {
  let made = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) =>
      controller.enqueue(new Uint8Array(65_536).fill(0x61, 0, ++made && 65_536)),
  });
  await assertRejects(
    () => Array.fromAsync(endless.pipeThrough(readJsonl("a", { maxDocumentBytes: 1_000_000 }))),
    DataError,
    "wanted at most 1000000 bytes",
  );
  assert(made < 30, `read ${made} chunks`);
});

Deno.test("readJson: what is no JSON is an error with its offset", async () => {
  const cases: [string, string, number][] = [
    ['[{"text":"a"}', "the file ends within the array that begins here; it was cut short", 0],
    ['{"text":"a"}\n {"text":"b', "the file ends within the value that begins here", 14],
    ['[{"text":"a"},]', "wanted a value, got ]", 14],
    ["[,]", "wanted a value, got ,", 1],
    ['{"text":"a"}]', "wanted a value, got ]", 12],
    ['[{"text":"a"} {"text":"b"}]', "wanted a JSON object", 1],
    ['[{"text":"a"}, 5]', "wanted an object with the field text, got a number", 14],
    ["[{'text':'a'}]", "wanted a JSON object", 1],
  ];
  for (const [text, message, offset] of cases) {
    assertEquals([text, (await fails(readJson, text, message)).byteOffset], [text, offset]);
  }
});
