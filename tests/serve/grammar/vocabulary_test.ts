import { assert, assertEquals } from "@std/assert";
import { ALL } from "../../../serve/grammar/code_points.ts";
import { Vocabulary } from "../../../serve/grammar/vocabulary.ts";
import { byteTokenizer, characters, jsonBpe, pieces } from "./vocabularies.ts";

Deno.test("vocabulary: every token that is text stands in the trie, once, under its bytes", async () => {
  for (const tokenizer of [await jsonBpe(), pieces(), characters(), byteTokenizer()]) {
    const { trie, longest } = new Vocabulary(tokenizer);
    const found = new Map<number, number[]>();
    const path: number[] = [];
    for (let node = 0; node < trie.bytes.length; node++) {
      path.length = trie.depths[node] - 1;
      path.push(trie.bytes[node]);
      for (let i = trie.starts[node]; i < trie.starts[node + 1]; i++) {
        assert(!found.has(trie.tokens[i]));
        found.set(trie.tokens[i], [...path]);
      }
      const next = trie.ends[node];
      assert(next === trie.bytes.length || trie.depths[next] <= trie.depths[node]);
    }
    const special = new Set(tokenizer.specialTokens.values());
    for (let id = 0; id < tokenizer.vocabularySize; id++) {
      const bytes = special.has(id) ? [] : [...tokenizer.bytes(id)];
      assertEquals(found.get(id), bytes.length === 0 ? undefined : bytes);
      assert(bytes.length <= longest);
    }
  }
});

Deno.test("vocabulary: all characters where each byte is a token, else those that are one", () => {
  assertEquals(new Vocabulary(pieces()).alphabet, ALL);
  assertEquals(new Vocabulary(characters()).alphabet.slice(0, 4), [0x0a, 0x0a, 0x20, 0x20]);
  assertEquals(new Vocabulary(characters()).alphabet.slice(-2), [0xe9, 0xe9]);
});

Deno.test("vocabulary: tokens that end an answer, and the words of a mask", async () => {
  const tokenizer = await jsonBpe();
  const end = tokenizer.specialTokens.get("<|endoftext|>")!;
  assertEquals(new Vocabulary(tokenizer).endTokens, [end]);
  assertEquals(new Vocabulary(tokenizer).words, Math.ceil(tokenizer.vocabularySize / 32));
  assertEquals(new Vocabulary(characters()).endTokens, []);
  const own = new Vocabulary(tokenizer, { endTokens: [65, end], vocabularySize: 1024 });
  assertEquals([own.endTokens, own.words, own.bytes(65)], [[65, end], 32, undefined]);
});
