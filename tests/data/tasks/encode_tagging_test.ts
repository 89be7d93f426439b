import { assertEquals, assertThrows } from "@std/assert";
import {
  byteTokenizer,
  charTokenizer,
  DataError,
  LabelSet,
  type Tagged,
  taggingEncoder,
  type Tokenizer,
} from "../../../data/mod.ts";
import { PLACE as place, smallBpe } from "./tokenizers.ts";

const labels = new LabelSet(["O", "B-X", "I-X"]);
const text = "the fox, Zoë";
const sentence: Tagged = {
  text,
  words: [[0, 3], [4, 7], [7, 8], [9, 12]].map(([start, end]) => ({ start, end })),
  tags: ["O", "B-X", "O", "I-X"],
  place,
};

/** Each token's text, with the tag that is asked for there. */
function shown(tokenizer: Tokenizer, piece: "first" | "last"): string[] {
  const encoder = taggingEncoder({ tokenizer, labels, context: 64, piece });
  const { tokens, targets } = encoder.encode(sentence);
  assertEquals(tokenizer.decode(tokens), text);
  return Array.from(tokens, (id, i) => {
    const target = targets[i] < 0 ? "" : `/${labels.names[targets[i]]}`;
    return tokenizer.decode([id]) + target;
  });
}

Deno.test("taggingEncoder: characters: the first or last one of each word, never its space", () => {
  const tokenizer = charTokenizer(text);
  assertEquals(shown(tokenizer, "last").join("|"), "t|h|e/O| |f|o|x/B-X|,/O| |Z|o|ë/I-X");
  assertEquals(shown(tokenizer, "first").join("|"), "t/O|h|e| |f/B-X|o|x|,/O| |Z/I-X|o|ë");
});

Deno.test("taggingEncoder: pieces of a byte-level BPE; none stands across two words", async () => {
  const tokenizer = await smallBpe();
  assertEquals(shown(tokenizer, "last").slice(0, 3), ["the/O", " fox/B-X", ",/O"]);
  const first = shown(tokenizer, "first");
  assertEquals(first.slice(0, 4), ["the/O", " fox/B-X", ",/O", " "]);
  assertEquals(first[4], "Z/I-X");
});

Deno.test("taggingEncoder: a long sentence is an error with its line, or loses its last words", () => {
  const tokenizer = byteTokenizer();
  assertThrows(
    () => taggingEncoder({ tokenizer, labels, context: 8 }).encode(sentence),
    DataError,
    "Cannot use line 3: the sentence has 13 tokens, more than the context of 8",
  );
  const encoder = taggingEncoder({ tokenizer, labels, context: 8, onLong: "cut" });
  const { tokens, targets } = encoder.encode(sentence);
  assertEquals(tokenizer.decode(tokens), "the fox,");
  assertEquals([...targets], [-1, -1, 0, -1, -1, -1, 1, 0]);
  assertEquals(encoder.report.cut, 1);
});

Deno.test("taggingEncoder: a tag never seen in training is an error with its line", () => {
  const encoder = taggingEncoder({ tokenizer: byteTokenizer(), labels, context: 64 });
  assertThrows(
    () => encoder.encode({ ...sentence, tags: ["O", "B-Y", "O", "O"] }),
    DataError,
    'line 3: the label "B-Y" was never seen in training',
  );
});
