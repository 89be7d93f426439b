import { assertEquals, assertRejects } from "@std/assert";
import { readCsv, readTsv } from "../../../../data/sources/formats/csv.ts";
import { DataError, type Document } from "../../../../data/mod.ts";
import { testTransform } from "../../contract.ts";
import { cutBytes, utf8 } from "../streams.ts";

const document = (id: string, text: string, metadata = {}): Document => (
  { id, text, source: "a", metadata }
);

testTransform<Uint8Array, Document>("readCsv", {
  make: () => readCsv("a"),
  split: cutBytes,
  cases: [
    {
      label: "quotes, doubled quotes, line breaks, either line end, empty fields",
      input: [
        utf8('\uFEFFid,"text",label\r\nx,plain 诗,1\r\n,"a, ""b""\n\r\nc",\n"y","",""""\n\nz,"",'),
      ],
      output: [
        document("x", "plain 诗", { label: "1" }),
        document("1", 'a, "b"\n\r\nc', { id: "", label: "" }),
        document("y", "", { label: '"' }),
        document("z", "", { label: "" }),
      ],
    },
  ],
  broken: [{
    label: "a quote that is never closed",
    input: [utf8('text\nx\n"ab\nc\n')],
    message: "the quote that opens here is never closed",
    path: "a",
    byteOffset: 7,
  }],
});

testTransform<Uint8Array, Document>("readTsv", {
  make: () => readTsv("a", { textField: "b", idField: "a" }),
  split: cutBytes,
  cases: [
    {
      label: "quotes are characters",
      input: [utf8('a\tb\n1\tsay "hi\r\n2\t"x"\n')],
      output: [document("1", 'say "hi'), document("2", '"x"')],
    },
  ],
  broken: [{
    label: "a row of too few fields",
    input: [utf8("a\tb\n1\n")],
    message: "wanted 2 fields (a, b), got 1",
    path: "a",
    byteOffset: 4,
  }],
});

Deno.test("readCsv: a broken row is an error with its offset, however it is cut", async () => {
  const cases: [string, string, number][] = [
    ['text\n"a"b\n', "text after the closing quote of a field", 8],
    ['text\nab"c\n', "a quote within a field without quotes", 7],
    ['text\nx\n"ab\nc\n', "the quote that opens here is never closed", 7],
    ["text,b\n1,2\n3\n", "wanted 2 fields (text, b), got 1", 11],
    ["text\n1,2\n", "wanted 1 fields (text), got 2", 5],
    ["a,b\n1,2\n", "wanted a column text, got a, b; name one of them (textField)", 0],
  ];
  for (const [text, message, offset] of cases) {
    for (const chunks of [[utf8(text)], ...cutBytes([utf8(text)])]) {
      const error = await assertRejects(
        () => Array.fromAsync(ReadableStream.from(chunks).pipeThrough(readCsv("a"))),
        DataError,
        message,
      );
      assertEquals([text, error.byteOffset], [text, offset]);
    }
  }
});
