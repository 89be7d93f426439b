import { assert, assertEquals, assertThrows } from "@std/assert";
import { DataError } from "../../../data/mod.ts";
import { readDecoder } from "../../../data/tokenizers/decoders.ts";
import { JsonPart } from "../../../data/tokenizers/json_part.ts";
import { parseTokenizer } from "../../../data/tokenizers/mod.ts";
import { readNormalizer } from "../../../data/tokenizers/normalizers.ts";
import { readPreTokenizer } from "../../../data/tokenizers/pre_tokenizers.ts";
import { randomNumbers } from "./random_text.ts";
import golden from "../../golden/hf_tokenizers.json" with { type: "json" };

type Json = Record<string, unknown>;

const { texts, tokens } = golden;
const partOf = (part: unknown) => new JsonPart(part, "part", "t.json");
const nameOf = (part: unknown) => JSON.stringify(part).replace(/[A-Za-z0-9+/]{80,}=*/, "…");

Deno.test("tokenizer.json: normalizers change texts as Hugging Face's do", () => {
  for (const { part, results } of golden.normalizers) {
    const normalize = readNormalizer(partOf(part));
    assertEquals(texts.map(normalize), results, nameOf(part));
  }
});

Deno.test("tokenizer.json: pre-tokenizers cut texts as Hugging Face's do", () => {
  for (const { part, results } of golden.preTokenizers) {
    const cut = readPreTokenizer(partOf(part));
    for (const [i, text] of texts.entries()) {
      const pieces = cut({ text, isFirst: true }).map((piece) => piece.text);
      assertEquals(pieces, results[i], `${nameOf(part)} of ${JSON.stringify(text)}`);
    }
  }
});

Deno.test("tokenizer.json: decoders write texts as Hugging Face's do", () => {
  for (const { part, results } of golden.decoders) {
    const decode = readDecoder(partOf(part));
    assertEquals(tokens.map((each) => decode(each).join("")), results, nameOf(part));
  }
});

for (const { name, json, results } of golden.tokenizers) {
  Deno.test(`tokenizer.json: ids and texts are Hugging Face's (${name})`, async () => {
    const tokenizer = parseTokenizer(json, "t.json");
    for (const [i, { ids, special, text }] of results.entries()) {
      assertEquals([...tokenizer.encode(texts[i])], ids, texts[i]);
      assertEquals([...tokenizer.encode(texts[i], { addSpecialTokens: true })], special, texts[i]);
      // Hugging Face shows normalized added tokens as they are looked for, we as they are named.
      const shape = (shown: string) => name.includes("normalized") ? shown.toLowerCase() : shown;
      assertEquals(shape(tokenizer.decode(ids)), shape(text), texts[i]);
      const shown = ReadableStream.from(ids).pipeThrough(tokenizer.decoder());
      assertEquals(shape((await Array.fromAsync(shown)).join("")), shape(text), texts[i]);
    }
    assertEquals(tokenizer.toJson(), json);
  });
}

const [bert] = golden.tokenizers;
const unigram = golden.tokenizers.find(({ name }) => name === "Unigram")!;

Deno.test("tokenizer.json: what is unknown is named with its place", () => {
  const model = bert.json.model;
  const bpe = { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: [["a", "b"]] };
  const token = { id: 3, content: "<s>" };
  const cases: [change: Record<string, unknown>, message: string][] = [
    [{ model: null }, "model must be an object, got nothing"],
    [{ model: { ...model, type: "Gram" } }, 'model.type must be one of "BPE" "WordPiece"'],
    [{ model: { ...model, speed: 1 } }, "model.speed must be a field of model that is known here"],
    [{ model: { ...model, vocab: {} } }, "model.vocab must be an object of tokens and ids"],
    [{ model: { ...model, vocab: { a: 1.5 } } }, 'model.vocab["a"] must be a whole number of 0 to'],
    [{ model: { ...model, vocab: { a: 0, b: 0 } } }, 'model.vocab["b"] must be a whole number'],
    [{ model: { ...bpe, dropout: 0.1 } }, "model.dropout must be null or 0, got 0.1"],
    [{ model: { ...bpe, merges: [["a", "c"]] } }, "model.merges[0] must be two tokens of the"],
    [{ model: { ...bpe, merges: ["a b", "ab"] } }, 'model.merges[1] must be two tokens: "a b"'],
    [{ model: { ...bpe, unk_token: "?" } }, "model.unk_token must be a token of the vocabulary"],
    [{ model: { ...unigram.json.model, unk_id: 99 } }, "model.unk_id must be an id of 0 to"],
    [
      { model: { ...unigram.json.model, vocab: [["a"]] } },
      "model.vocab[0] must be a token and its",
    ],
    [{ normalizer: { type: "Upper" } }, 'normalizer.type must be one of "NFC"'],
    [
      { normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Up" }] } },
      'normalizer.normalizers[1].type must be one of "NFC"',
    ],
    [{ normalizer: { type: "Precompiled", precompiled_charsmap: "AAAA" } }, "precompiled_charsmap"],
    [
      { pre_tokenizer: { type: "Split", pattern: { Regex: "(" }, behavior: "Isolated" } },
      "pre_tokenizer.pattern must be a pattern that can be used here",
    ],
    [
      { pre_tokenizer: { type: "Split", pattern: { String: "a" }, behavior: "Kept" } },
      'pre_tokenizer.behavior must be one of "Removed" "Isolated"',
    ],
    [{ pre_tokenizer: { type: "Digits", count: 3 } }, "pre_tokenizer.count must be a field of"],
    [{ post_processor: { type: "BertProcessing", sep: ["a"] } }, "post_processor.cls must be"],
    [{ decoder: { type: "Strip", content: "ab" } }, "decoder.content must be one character"],
    [{ decoder: { type: "Strip", content: "a", stop: -1 } }, "decoder.stop must be a whole number"],
    [{ added_tokens: [{ ...token, id: "3" }] }, "added_tokens[0].id must be a whole number"],
    [{ added_tokens: [{ ...token, content: "" }] }, "added_tokens[0].content must be a text"],
    [{ added_tokens: [{ ...token, content: "[PAD]" }] }, "added_tokens[0].id must be 0, as in"],
    [{ added_tokens: [token] }, "added_tokens[0].id must be free, or the token's own"],
    [{ added_tokens: {} }, "added_tokens must be a list, got an object of 0 entries"],
    [{ vocabulary: {} }, "vocabulary must be a field of a tokenizer that is known here"],
  ];
  for (const [change, message] of cases) {
    const json = { ...bert.json, added_tokens: [], ...change };
    const error = assertThrows(() => parseTokenizer(json, "dir/t.json"), DataError, message);
    assertEquals(error.path, "dir/t.json");
  }
  assertThrows(() => parseTokenizer([], "t.json"), DataError, "the content must be an object");
});

Deno.test("tokenizer.json: text that the vocabulary has no token for is an error", () => {
  const bpe = { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: [["a", "b"]] };
  const tokenizer = parseTokenizer({ model: bpe, decoder: { type: "Fuse" } }, "t.json");
  assertEquals([...tokenizer.encode("abba")], [2, 1, 0]);
  assertThrows(
    () => tokenizer.encode("abc"),
    RangeError,
    'Cannot encode "c": the vocabulary has no token for it and none for unknown text',
  );
});

Deno.test("tokenizer.json: 1,000 random changes each work or give one DataError", () => {
  const random = randomNumbers(11);
  const any = <T>(list: readonly T[]): T => list[Math.floor(list.length * random())];
  const values = [null, true, -1, 0, 1.5, 2 ** 53, "", "a", "▁", "(", "\\p{X}", [], {}, [["a"]]];
  let [worked, refused] = [0, 0];
  for (let i = 0; i < 1000; i++) {
    const json = structuredClone(any(golden.tokenizers).json) as unknown as Json;
    change(json, random() < 0.5 ? 1 : 5);
    try {
      const tokenizer = parseTokenizer(json, "t.json");
      for (const text of texts) {
        tokenizer.decode(tokenizer.encode(text, { addSpecialTokens: false }));
      }
      worked++;
    } catch (error) {
      // Text may lack tokens after the change, and template ids may lie outside the vocabulary.
      const isFine = error instanceof DataError ||
        (error instanceof RangeError && /^Cannot (en|de)code /.test(error.message));
      assert(isFine, `${i}: ${(error as Error).stack}`);
      refused++;
    }
  }
  assert(worked > 100 && refused > 300, `${worked} worked, ${refused} were refused`);

  /** Goes down to a random depth and puts another value there, or none. */
  function change(node: Json, deepest: number): void {
    for (;;) {
      const names = Object.keys(node);
      if (names.length === 0) return;
      const name = any(names);
      const value = node[name];
      if (--deepest > 0 && typeof value === "object" && value !== null) node = value as Json;
      else {
        const kind = random();
        if (kind < 0.3) delete node[name];
        else if (kind < 0.5) node[`${name}x`] = value;
        else if (kind < 0.7 && typeof value === "string") node[name] = any([..."aZ▁("]) + value;
        else node[name] = structuredClone(any(values));
        return;
      }
    }
  }
});
