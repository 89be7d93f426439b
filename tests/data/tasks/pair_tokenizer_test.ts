import { assert, assertEquals } from "@std/assert";
import { parseTokenizer, trainPairTokenizer } from "../../../data/mod.ts";

const PAIRS = [
  ["Tom can swim fast.", "汤姆会游泳。"],
  ["I can swim.", "我会游泳。"],
  ["Tom reads page 12.", "Tom读12页。"],
  ["I read.", "我读。"],
].map(([source, target]) => ({ source, target }));

Deno.test("trainPairTokenizer: characters of targets are tokens, and all of targets come first", async () => {
  const { tokenizer, outputSize } = await trainPairTokenizer(PAIRS, { sourceSize: 280 });
  const text = (id: number) => tokenizer.decode([id]);
  assertEquals([...tokenizer.encode("我会游泳。")].map(text), ["我", "会", "游", "泳", "。"]);
  assertEquals([...tokenizer.specialTokens].slice(0, 3), [["<pad>", 0], ["<s>", 1], ["</s>", 2]]);
  const written = new Set(PAIRS.flatMap(({ target }) => [...tokenizer.encode(target)]));
  assert([...written].every((id) => id < outputSize));
  assert(outputSize < tokenizer.vocabularySize);
  // Below it nothing else is but the special tokens and what fills it up.
  const unused = [...tokenizer.specialTokens.keys()].filter((token) => /^<unused/.test(token));
  assertEquals(written.size, outputSize - 3 - unused.length);
  assertEquals(outputSize % 64, 0);
});

Deno.test("trainPairTokenizer: both sides come back whole, also what no pair has", async () => {
  const { tokenizer } = await trainPairTokenizer(PAIRS, { sourceSize: 280 });
  const again = parseTokenizer(JSON.parse(JSON.stringify(tokenizer.toJson())), "again");
  for (const text of ["Tom can swim.", "汤姆读第12页，é·ß", "龘 😀"]) {
    assertEquals(again.encode(text), tokenizer.encode(text));
    assertEquals(again.decode(again.encode(text)), text);
  }
});
