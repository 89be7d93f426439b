import { assertEquals, assertThrows } from "@std/assert";
import {
  byteTokenizer,
  DataError,
  type Example,
  type Tokenizer,
  translationEncoder,
  translationPrompt,
} from "../../../data/mod.ts";
import { PLACE as place, smallBpe } from "./tokenizers.ts";

/** What the model sees, and of that what it is asked for. */
function shown(tokenizer: Tokenizer, { tokens, targets }: Example): [string, string] {
  return [tokenizer.decode(tokens), tokenizer.decode([...targets].filter((id) => id >= 0))];
}

Deno.test("translationEncoder: the loss is on the translation and its end alone", async () => {
  const bytes = byteTokenizer();
  const plain = translationEncoder({ tokenizer: bytes, context: 16 });
  const pair = { source: "Hi.", target: "嗨。", place };
  assertEquals(shown(bytes, plain.encode(pair)), ["Hi.\n嗨。", "嗨。\n"]);
  const bpe = await smallBpe();
  const marked = translationEncoder({ tokenizer: bpe, context: 32, prompt: "en: {source} zh:" });
  assertEquals(shown(bpe, marked.encode(pair)), ["en: Hi. zh:嗨。", "嗨。<|endoftext|>"]);
});

Deno.test("translationEncoder: what is asked at training is what is asked of the model later", async () => {
  const tokenizer = await smallBpe();
  const encoder = translationEncoder({ tokenizer, context: 64 });
  const { tokens, targets } = encoder.encode({ source: "the fox", target: "$& the hen", place });
  const asked = tokenizer.encode(translationPrompt("the fox"));
  assertEquals([...tokens.subarray(0, asked.length)], [...asked]);
  assertEquals(targets.findIndex((id) => id >= 0), asked.length - 1);
});

Deno.test("translationEncoder: a long pair is an error with its line, or its source loses its end", () => {
  const tokenizer = byteTokenizer();
  const pair = { source: "abcdefgh", target: "xyz", place };
  assertThrows(
    () => translationEncoder({ tokenizer, context: 8 }).encode(pair),
    DataError,
    "Cannot use line 3: the pair has 12 tokens, more than the context of 8",
  );
  const encoder = translationEncoder({ tokenizer, context: 8, onLong: "cut" });
  assertEquals(shown(tokenizer, encoder.encode(pair)), ["abcd\nxyz", "xyz\n"]);
  const long = { ...pair, target: "stuvwxyz" };
  assertEquals(shown(tokenizer, encoder.encode(long)), ["a\nstuvwx", "stuvwxy"]);
  assertEquals(encoder.report, { examples: 2, tokens: 16, cut: 2 });
});

Deno.test("translationEncoder: a prompt without the source, or with it twice, is an error", () => {
  for (const prompt of ["to Chinese:", "{source} {source}"]) {
    assertThrows(
      () => translationEncoder({ tokenizer: byteTokenizer(), context: 8, prompt }),
      RangeError,
      "wanted {source} once in it",
    );
  }
  assertEquals(translationPrompt("a $& b", "<{source}>"), "<a $& b>");
});
