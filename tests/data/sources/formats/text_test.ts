import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readPlainText, type ReadPlainTextOptions } from "../../../../data/sources/formats/text.ts";
import { DataError, type Document } from "../../../../data/mod.ts";
import { testTransform } from "../../contract.ts";
import { cutBytes, utf8 } from "../streams.ts";

const document = (id: number, text: string): Document => (
  { id: `${id}`, text, source: "a.txt", metadata: {} }
);

const read = (bytes: Uint8Array[], options?: ReadPlainTextOptions) =>
  Array.fromAsync(ReadableStream.from(bytes).pipeThrough(readPlainText("a.txt", options)));

testTransform<Uint8Array, Document>("readPlainText by lines", {
  make: () => readPlainText("a.txt", { separator: "\n" }),
  split: cutBytes,
  cases: [
    {
      label: "skips empty lines, takes either line end and a last line without one",
      input: [utf8("\uFEFFone 诗\n\n two\r\n\r\nthree 😀")],
      output: [document(0, "one 诗"), document(1, " two"), document(2, "three 😀")],
    },
  ],
  broken: [{
    label: "what is no UTF-8",
    input: [Uint8Array.of(0x61, 0x0a, 0x62, 0xff, 0x0a)],
    message: "wanted UTF-8, got a broken character at byte 0xff",
    path: "a.txt",
    byteOffset: 3,
  }],
});

testTransform<Uint8Array, Document>("readPlainText by a separator", {
  make: () => readPlainText("a.txt", { separator: "aab" }),
  split: cutBytes,
  cases: [
    {
      label: "that overlaps itself",
      input: [utf8("xaaab\naabaabéaaaaabaa")],
      output: [document(0, "xa"), document(1, "\n"), document(2, "éaaa"), document(3, "aa")],
    },
  ],
});

Deno.test("readPlainText: a file is one document, however it is cut", async () => {
  const bytes = utf8("\uFEFF\uFEFFone\n\ntwo 诗\n");
  for (const chunks of [[bytes], ...cutBytes([bytes])]) {
    assertEquals(await read(chunks), [document(0, "\uFEFFone\n\ntwo 诗\n")]);
  }
  for (const empty of [[], [utf8("")], [utf8("\uFEFF")]]) assertEquals(await read(empty), []);
});

Deno.test("readPlainText: what is no UTF-8 is an error with its offset, replaced or dropped", async () => {
  const bytes = Uint8Array.from([...utf8("\uFEFFgood\nba"), 0xff, 0x0a, ...utf8("last\n")]);
  for (const chunks of cutBytes([bytes])) {
    const error = await assertRejects(
      () => read(chunks, { separator: "\n" }),
      DataError,
      "wanted UTF-8, got a broken character at byte 0xff",
    );
    assertEquals(error.byteOffset, 10);
  }
  const replacing = readPlainText("a.txt", { separator: "\n", onInvalid: "replace" });
  assertEquals(await Array.fromAsync(ReadableStream.from([bytes]).pipeThrough(replacing)), [
    document(0, "good"),
    document(1, "ba\uFFFD"),
    document(2, "last"),
  ]);
  assertEquals(replacing.report, { records: 3, documents: 3, replaced: 1, invalid: 0, skipped: 0 });
  const dropping = readPlainText("a.txt", { separator: "\n", onInvalid: "drop" });
  assertEquals(await Array.fromAsync(ReadableStream.from([bytes]).pipeThrough(dropping)), [
    document(0, "good"),
    document(2, "last"),
  ]);
  assertEquals(dropping.report, { records: 3, documents: 2, replaced: 0, invalid: 1, skipped: 0 });
});

Deno.test("readPlainText: a document over maxDocumentBytes is an error where it begins", async () => {
  const bytes = utf8(`short\n${"x".repeat(50)}\n`);
  for (const chunks of [[bytes], ...cutBytes([bytes])]) {
    const error = await assertRejects(
      () => read(chunks, { separator: "\n", maxDocumentBytes: 20 }),
      DataError,
      "wanted at most 20 bytes, got more; raise maxDocumentBytes",
    );
    assertEquals(error.byteOffset, 6);
  }
});

Deno.test("readPlainText: refuses an empty separator", () => {
  assertThrows(
    () => readPlainText("a.txt", { separator: "" }),
    RangeError,
    "must have a character",
  );
});
