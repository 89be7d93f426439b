import { assertEquals, assertRejects } from "@std/assert";
import {
  byteTokenizer,
  charTokenizer,
  DataError,
  type Document,
  textRows,
} from "../../../data/mod.ts";
import { smallBpe } from "./tokenizers.ts";

const documents = (...texts: string[]) =>
  ReadableStream.from<Document>(
    texts.map((text, i) => ({ id: `${i}`, text, source: "a.txt", metadata: {} })),
  );

Deno.test("textRows: rows of the context that follow one another, each token a target once", async () => {
  const rows = await Array.fromAsync(
    documents("abcdef", "xy", "z").pipeThrough(
      textRows({ tokenizer: byteTokenizer(), context: 3 }),
    ),
  );
  const text = (ids: Iterable<number>) => byteTokenizer().decode(ids);
  assertEquals(rows.map(({ tokens, targets }) => [text(tokens), text(targets)]), [
    ["abc", "bcd"],
    ["de", "ef"],
    ["x", "y"],
  ]);
});

Deno.test("textRows: end-of-text behind each document; unknown characters are errors", async () => {
  const tokenizer = await smallBpe();
  const [row] = await Array.fromAsync(
    documents("the").pipeThrough(textRows({ tokenizer, context: 8 })),
  );
  assertEquals(tokenizer.decode(row.targets), "<|endoftext|>");
  await assertRejects(
    () =>
      Array.fromAsync(
        documents("a", "b").pipeThrough(textRows({ tokenizer: charTokenizer("a"), context: 8 })),
      ),
    DataError,
    "Cannot use line 2: Cannot encode the character U+0062",
  );
});
