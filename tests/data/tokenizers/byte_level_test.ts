import { assert, assertEquals } from "@std/assert";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { parseTokenizer, type Tokenizer } from "../../../data/tokenizers/mod.ts";
import { PATTERNS } from "../../../data/tokenizers/patterns.ts";
import { OPENAI, openTokenizer } from "./openai.ts";
import { randomStrings } from "./random_text.ts";

const DATA = new URL("../../../../shared/data/", import.meta.url);
const TEXTS = [
  "",
  "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak. 'tis so !\n",
  "  two  spaces,\ttabs\t\tand\r\n\r\nlines \n  \n",
  "I'LL say we've DON'T 'Tis o'clock 'sam 'ſ x'ſy",
  "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。",
  'for (let i = 0; i < 10_000; i++) {\n\t\treturn `${a}` !== "b\\n"; // x\n}\n///\n',
  "😀👩‍👩‍👧 é é naïve \u00a0\u00ad\u2028 0123 12345678 ½Ⅷ٣",
  "<|endoftext|>behind it <|endoftext",
  "half \ud800 a \udc00 pair\ud83d",
];

/** The first difference of two lists of ids, for a message of bounded length. */
function assertSame(ours: Uint32Array, theirs: number[], text: string): void {
  if (ours.length === theirs.length && theirs.every((id, i) => id === ours[i])) return;
  assertEquals([...ours.subarray(0, 40)], theirs.slice(0, 40), JSON.stringify(text.slice(0, 200)));
  assertEquals(ours.length, theirs.length);
}

for (const openAi of OPENAI) {
  Deno.test(`${openAi.name}: fixed texts and runs of a letter give gpt-tokenizer's ids`, async () => {
    const tokenizer = await openTokenizer(openAi);
    for (const text of [...TEXTS, "a".repeat(20_000), " ".repeat(1000), "ab".repeat(3000)]) {
      assertSame(tokenizer.encode(text), openAi.encode(text), text);
      if (text.isWellFormed()) assertEquals(tokenizer.decode(tokenizer.encode(text)), text);
    }
  });

  const count = openAi.name === "r50k_base" ? 60_000 : 20_000;
  Deno.test(`${openAi.name}: ${count} random strings give gpt-tokenizer's ids`, async () => {
    const tokenizer = await openTokenizer(openAi);
    for (const text of randomStrings(count, 20)) {
      assertSame(tokenizer.encode(text), openAi.encode(text), text);
    }
  });
}

Deno.test("r50k_base: fixed texts and 100,000 random strings give the ids of Hugging Face's library", async () => {
  const tokenizer = await openTokenizer(OPENAI[0]);
  const theirs = new HuggingFaceTokenizer(structuredClone(tokenizer.toJson()), {});
  const code = await Deno.readTextFile(new URL(import.meta.url));
  for (const text of [...TEXTS, code, "a".repeat(20_000), ...randomStrings(100_000, 21)]) {
    const { ids } = theirs.encode(text, { add_special_tokens: false });
    assertSame(tokenizer.encode(text), ids, text);
  }
});

Deno.test("byte-level BPE: a long piece is merged in the order that ranks ask for", async () => {
  for (const openAi of OPENAI) {
    const tokenizer = await openTokenizer(openAi);
    const letters = [...randomStrings(3000, 4)].join("").replace(/[^a-z春眠不]/gu, "");
    assert(letters.length > 5000);
    assertSame(tokenizer.encode(letters), openAi.encode(letters), letters);
  }
});

Deno.test("byte-level BPE: a known pattern's scanner cuts as the pattern itself does", async () => {
  const { model } = (await openTokenizer(OPENAI[0])).toJson();
  const level = {
    type: "ByteLevel",
    add_prefix_space: false,
    trim_offsets: true,
    use_regex: false,
  };
  const tokenizerOf = (regex: string): Tokenizer => {
    const split = { type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false };
    const cut = { type: "Sequence", pretokenizers: [split, level] };
    return parseTokenizer({ model, pre_tokenizer: cut, decoder: level }, "t.json");
  };
  const qwen = PATTERNS.llama3.replace("{1,3}", "");
  for (const pattern of [...Object.values(PATTERNS), qwen]) {
    const scanned = tokenizerOf(pattern);
    // The same pattern in a group is one that no scanner is known for.
    const matched = tokenizerOf(`(?:${pattern})`);
    // U+0085 is white space to both and U+FEFF is not, unlike in JavaScript's own patterns.
    for (const text of [...TEXTS, ...randomStrings(1500, 5), "a\u0085 \u0085b \ufeffc\ufeff d"]) {
      assertEquals(scanned.encode(text), matched.encode(text), JSON.stringify(text));
    }
  }
});

Deno.test("byte-level BPE: U+0085 is white space and U+FEFF is none, as in Rust", async () => {
  const texts = [
    "a\u0085 \u0085b\n\u0085\n",
    "x \ufeff y\ufeff\ufeffz \ufeff",
    "\u0085\u0085a 1\ufeff2",
  ];
  // What tiktoken 0.14 makes of them.
  const ids = [
    [
      [64, 126, 227, 220, 126, 227, 65, 198, 126, 227, 198],
      [87, 27332, 119, 123, 331, 171, 119, 123, 171, 119, 123, 89, 27332, 119, 123],
      [126, 227, 126, 227, 64, 352, 171, 119, 123, 17],
    ],
    [
      [64, 126, 227, 220, 126, 227, 65, 198, 126, 227, 198],
      [87, 76880, 379, 3305, 3305, 89, 76880],
      [126, 227, 126, 227, 64, 220, 16, 3305, 17],
    ],
    [
      [64, 126, 227, 220, 126, 227, 65, 198, 126, 227, 198],
      [87, 71280, 342, 135153, 89, 71280],
      [126, 227, 126, 227, 64, 220, 16, 5574, 17],
    ],
  ];
  for (const [i, openAi] of OPENAI.entries()) {
    const tokenizer = await openTokenizer(openAi);
    assertEquals(texts.map((text) => [...tokenizer.encode(text)]), ids[i], openAi.name);
  }
});

Deno.test("byte-level BPE: special tokens are found wherever they stand in the text", async () => {
  for (const openAi of OPENAI) {
    const tokenizer = await openTokenizer(openAi);
    const end = tokenizer.specialTokens.get("<|endoftext|>")!;
    const parts = ["before", "behind ", "", "\n<|endoftext"];
    const ids = parts.flatMap((part, i) => [...(i > 0 ? [end] : []), ...openAi.encode(part)]);
    assertSame(tokenizer.encode(parts.join("<|endoftext|>")), ids, "special tokens");
    assertEquals(tokenizer.decode(ids), parts.join("<|endoftext|>"));
    assertEquals(tokenizer.decode(ids, { skipSpecialTokens: true }), parts.join(""));
  }
});

Deno.test("byte-level BPE: a megabyte of one letter takes at most 4 times a megabyte of prose", async () => {
  const words = [...randomStrings(3000, 8)].map((text) => text.replace(/[^a-z]/g, "")).join(" ");
  const prose = words.repeat(Math.ceil(1e6 / words.length)).slice(0, 1e6);
  for (const openAi of OPENAI) {
    const tokenizer = await openTokenizer(openAi);
    const timeOf = (text: string) => {
      const start = performance.now();
      tokenizer.encode(text);
      return performance.now() - start;
    };
    // In turn, so that whatever else the machine does weighs on both; its words are known by then.
    const rounds = Array.from({ length: 8 }, () => ["a".repeat(1e6), prose].map(timeOf));
    const [letterMs, proseMs] = [0, 1].map((i) => Math.min(...rounds.map((times) => times[i])));
    assert(letterMs < 4 * proseMs, `${openAi.name}: ${letterMs} ms and ${proseMs} ms`);
  }
});

Deno.test({
  name: "GPT-2's vocabulary: Shakespeare gives gpt-tokenizer's ids (needs the texts)",
  ignore: !exists("gpt2-bpe/encoder.json") || !exists("tinyshakespeare.txt"),
  async fn() {
    const read = (name: string) => Deno.readTextFile(new URL(name, DATA));
    const vocab = JSON.parse(await read("gpt2-bpe/encoder.json"));
    const merges = (await read("gpt2-bpe/vocab.bpe")).split("\n").slice(1).filter((line) => line);
    const level = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
    const special = { id: 50256, content: "<|endoftext|>", normalized: true, special: true };
    const tokenizer = parseTokenizer({
      added_tokens: [special],
      ...{ pre_tokenizer: level, decoder: level },
      // As the file of 2019 has it: no type, and merges as one text each.
      model: { unk_token: "<|endoftext|>", vocab, merges },
    }, "gpt2.json");
    const text = await read("tinyshakespeare.txt");
    assertSame(tokenizer.encode(text), OPENAI[0].encode(text), text);
    assertEquals(tokenizer.specialTokens.get("<|endoftext|>"), 50256);
    assertEquals(tokenizer.encode("a<|endoftext|>")[1], 50256);
  },
});

function exists(name: string): boolean {
  try {
    return Deno.statSync(new URL(name, DATA)).isFile;
  } catch {
    return false;
  }
}
