import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  byteTokenizer,
  parseTokenizer,
  readTiktoken,
  readTokenizer,
  toTiktoken,
  trainBpe,
} from "../../../data/tokenizers/mod.ts";
import { DataError } from "../../../data/mod.ts";
import { mergesOfRanks } from "../../../data/tokenizers/rank_merges.ts";
import { OPENAI } from "./openai.ts";

const BYTES = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));

function ranksOf(tokens: string[]): string {
  const utf8 = new TextEncoder();
  return [...BYTES, ...tokens.map((token) => utf8.encode(token))]
    .map((bytes, rank) => `${bytes.toBase64()} ${rank}\n`).join("");
}

async function withFile(text: string, work: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".tiktoken" });
  try {
    await Deno.writeTextFile(path, text);
    await work(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("tiktoken: OpenAI's files are written back as they were", async () => {
  for (const { path } of OPENAI.slice(0, 2)) {
    const tokenizer = await readTokenizer(path);
    assertEquals(toTiktoken(tokenizer) === await Deno.readTextFile(path), true);
    assertEquals(tokenizer.specialTokens.has("<|endoftext|>"), true);
  }
});

Deno.test("tiktoken: pattern and special tokens are the caller's", () =>
  withFile(ranksOf(["ab", " a", "abc"]), async (path) => {
    const options = { pattern: "gpt2", specialTokens: { "<|end|>": 300 } };
    const tokenizer = await readTiktoken(path, options);
    assertEquals(tokenizer.vocabularySize, 301);
    assertEquals([...tokenizer.encode("abc ab<|end|>")], [258, 32, 256, 300]);
    assertEquals(tokenizer.decode([258, 299, 300]), "abc<|end|>");
    assertEquals(tokenizer.byteLength(299), 0);
    const again = parseTokenizer(tokenizer.toJson(), "t.json");
    assertEquals(again.encode("abc ab<|end|>"), tokenizer.encode("abc ab<|end|>"));
    const error = await assertRejects(() => readTokenizer(path), DataError, "wanted JSON");
    assertEquals(error.path, path);
  }));

Deno.test("tiktoken: tokens that no merge of lower rank leads to are found as whole pieces", () =>
  withFile(ranksOf(["bc", "abcd", "ab", "cd"]), async (path) => {
    const tokenizer = await readTiktoken(path, { pattern: "gpt2" });
    // Merged by rank, "abcd" is "a", "bc", "d", and none of its pairs joins to it.
    assertEquals([...tokenizer.encode("abcd")], [257]);
    assertEquals([...tokenizer.encode("xabcd")], [120, 97, 256, 100]);
  }));

Deno.test("tiktoken: the merges behind the ranks are those that were trained", async () => {
  const texts = ReadableStream.from(["the cat sat on the mat, the hat on the cat ".repeat(9)]);
  const { json } = await trainBpe(texts, { vocabularySize: 290 });
  const tokenizer = parseTokenizer(json, "t.json");
  const lines = toTiktoken(tokenizer).trimEnd().split("\n").map((line) => line.split(" "));
  const tokens: Uint8Array[] = [];
  for (const [base64, rank] of lines) tokens[Number(rank)] = Uint8Array.fromBase64(base64);
  const { merges, complete } = mergesOfRanks(tokens);
  const ids = (json.model as { vocab: Record<string, number> }).vocab;
  const trained = (json.model as { merges: [string, string][] }).merges;
  assertEquals(complete, true);
  assertEquals(
    merges.map(({ left, right }) => [left, right]),
    trained.map(([left, right]) => [ids[left], ids[right]]),
  );
});

Deno.test("tiktoken: a wrong line is named with its place", async () => {
  const good = ranksOf(["ab"]);
  const cases = [
    [good + "YWI= 300\n", "line 258"],
    [good + "YWJj 3\n", "line 258"],
    [good + "YW!j 258\n", "line 258"],
    [good + "YWJj\n", "line 258"],
    [good + "YWJj 99999999\n", "line 258"],
  ];
  for (const [text, line] of cases) {
    await withFile(text, async (path) => {
      const error = await assertRejects(
        () => readTiktoken(path, { pattern: "gpt2" }),
        DataError,
        `Cannot use the ranks: ${line} must be the base64 of a token and its rank`,
      );
      assertEquals(error.byteOffset, good.length);
    });
  }
  await withFile("YQ== 0\n", async (path) => {
    const read = () => readTiktoken(path, { pattern: "gpt2" });
    await assertRejects(read, DataError, "wanted a token for each of the 256 bytes, got 1");
  });
  const missing = () => readTiktoken("none.tiktoken", { pattern: "gpt2" });
  await assertRejects(missing, DataError, "Cannot read the ranks");
});

Deno.test("tiktoken: what ranks can't say is not written", () => {
  const model = {
    type: "BPE",
    vocab: { a: 0, b: 1, abb: 2, ab: 3, "字": 4 },
    merges: [["a", "b"], ["ab", "b"]],
  };
  const level = { type: "ByteLevel", add_prefix_space: false, use_regex: true };
  const write = (json: unknown) => toTiktoken(parseTokenizer(json, "t.json"));
  assertThrows(
    () => write({ model, pre_tokenizer: level, decoder: level }),
    RangeError,
    'whose ids follow its merges, got the token "abb" with the id 2 after 3',
  );
  const foreign = { ...model, merges: [] };
  assertThrows(
    () => write({ model: foreign, decoder: { type: "Fuse" } }),
    RangeError,
    'got the token "字"',
  );
  assertEquals(toTiktoken(byteTokenizer()).split("\n")[97], "YQ== 97");
});
