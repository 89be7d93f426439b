import { assertEquals } from "@std/assert";
import { encodeDocuments, endOfTextOf } from "../../../data/loader/mod.ts";
import { byteTokenizer, type Tokenizer } from "../../../data/tokenizers/mod.ts";

const document = (text: string) => ({ id: text, text, source: "here", metadata: {} });

function withAdded(...contents: string[]): Tokenizer {
  const bytes = byteTokenizer();
  const added = contents.map((content, i) => ({ content, id: 256 + i }));
  return { ...bytes, encode: bytes.encode, toJson: () => ({ added_tokens: added }) } as Tokenizer;
}

Deno.test("encodeDocuments: puts end-of-text behind each document, where there is one", async () => {
  const idsOf = async (tokenizer: Tokenizer, endOfText?: number) => {
    const documents = ReadableStream.from(["ab", "", "c"].map(document));
    const ids = documents.pipeThrough(encodeDocuments(tokenizer, endOfText));
    return (await Array.fromAsync(ids)).flatMap((part) => [...part]);
  };
  assertEquals(await idsOf(withAdded("<pad>", "</s>")), [97, 98, 257, 257, 99, 257]);
  assertEquals(await idsOf(byteTokenizer()), [97, 98, 99]);
  assertEquals(await idsOf(byteTokenizer(), 9), [97, 98, 9, 9, 99, 9]);
});

Deno.test("endOfTextOf: knows the usual names", () => {
  assertEquals(endOfTextOf(byteTokenizer()), undefined);
  assertEquals(endOfTextOf(withAdded("<s>", "<|endoftext|>")), 257);
  assertEquals(endOfTextOf(withAdded("</s>", "<|endoftext|>")), 257);
});
