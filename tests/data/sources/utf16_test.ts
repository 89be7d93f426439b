import { assertEquals, assertRejects } from "@std/assert";
import { toUtf8 } from "../../../data/sources/utf16.ts";
import { concatBytes } from "../../../data/sources/byte_reader.ts";
import { DataError } from "../../../data/mod.ts";
import { testTransform } from "../contract.ts";
import { collectBytes, cutBytes, utf8 } from "./streams.ts";

function utf16(text: string, little: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), little);
  return new Uint8Array(view.buffer);
}

const TEXT = "plain é 诗 😀\n";

testTransform<Uint8Array, Uint8Array>("toUtf8", {
  make: () => toUtf8("a"),
  split: cutBytes,
  join: (chunks) => concatBytes(chunks),
  cases: [
    {
      label: "lets UTF-8 through, its mark too",
      input: [utf8("\uFEFFé")],
      output: [utf8("\uFEFFé")],
    },
    { label: "little-endian", input: [utf16("\uFEFF" + TEXT, true)], output: [utf8(TEXT)] },
    { label: "big-endian", input: [utf16("\uFEFF" + TEXT, false)], output: [utf8(TEXT)] },
    { label: "no more than a byte", input: [Uint8Array.of(0xff)], output: [Uint8Array.of(0xff)] },
  ],
  broken: [{
    label: "half a character",
    input: [utf16("\uFEFFa\uD83D", true)],
    message: "holds half a surrogate pair",
    path: "a",
    byteOffset: 4,
  }],
});

Deno.test("toUtf8: half a pair and half a unit are errors where they stand", async () => {
  const cases: [string, number, string, number][] = [
    ["a\uD83Db", 0, "holds half a surrogate pair", 4],
    ["a\uDE00b", 0, "holds half a surrogate pair", 4],
    ["ab\uD83D", 0, "holds half a surrogate pair", 6],
    ["ab", 1, "ends within a character", 6],
  ];
  for (const [text, extra, message, offset] of cases) {
    const bytes = concatBytes([utf16("\uFEFF" + text, true), new Uint8Array(extra)]);
    for (const chunks of [[bytes], ...cutBytes([bytes])]) {
      const error = await assertRejects(
        () => collectBytes(ReadableStream.from(chunks).pipeThrough(toUtf8("a"))),
        DataError,
        message,
      );
      assertEquals([text, error.byteOffset], [text, offset]);
    }
  }
  const utf32 = Uint8Array.of(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0);
  await assertRejects(
    () => collectBytes(ReadableStream.from([utf32]).pipeThrough(toUtf8("a"))),
    DataError,
    "it is UTF-32",
  );
});

Deno.test("toUtf8: with another rule, half a pair becomes bytes that are no UTF-8", async () => {
  const bytes = utf16("\uFEFFa\uD83Db", true);
  const made = ReadableStream.from([bytes]).pipeThrough(toUtf8("a", { onInvalid: "drop" }));
  assertEquals(await collectBytes(made), Uint8Array.of(0x61, 0xed, 0xa0, 0xbd, 0x62));
});
