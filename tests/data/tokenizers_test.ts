import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import {
  byteTokenizer,
  charTokenizer,
  DataError,
  readTokenizer,
  type Tokenizer,
  trainCharTokenizer,
} from "../../data/mod.ts";
import { parseTokenizer, trainBpe } from "../../data/tokenizers/mod.ts";
import golden from "../golden/hf_tokenizers.json" with { type: "json" };
import { randomStrings } from "./tokenizers/random_text.ts";

const TEXTS = [
  "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak. 'tis so !\n",
  "  two  spaces,\ttabs\t\tand\r\n\r\nlines \n",
  "春眠不觉晓，处处闻啼鸟。",
  "😀👩‍👩‍👧 é é naïve \u00a0\u00ad\u2028 0123",
  "\uFEFFafter a mark",
  "<0x41> __proto__ constructor",
  "a",
];
const KINDS: [string, Tokenizer][] = [
  ["byte", byteTokenizer()],
  ["char", charTokenizer(TEXTS)],
];

async function decodeStream(tokenizer: Tokenizer, ids: Iterable<number>): Promise<string[]> {
  return await Array.fromAsync(ReadableStream.from(ids).pipeThrough(tokenizer.decoder()));
}

/** The bytes of ids, each token by itself. */
function bytesOf(tokenizer: Tokenizer, ids: Iterable<number>): number[] {
  return Array.from(ids).flatMap((id) => {
    const bytes = [...tokenizer.bytes(id)];
    assertEquals(tokenizer.byteLength(id), bytes.length);
    return bytes;
  });
}

for (const [kind, tokenizer] of KINDS) {
  Deno.test(`${kind} tokenizer: decoding gives back what was encoded`, async () => {
    for (const text of ["", ...TEXTS]) {
      const ids = tokenizer.encode(text);
      assertEquals(tokenizer.decode(ids), text);
      assertEquals((await decodeStream(tokenizer, ids)).join(""), text);
      assertEquals(bytesOf(tokenizer, ids), [...new TextEncoder().encode(text)]);
    }
  });

  Deno.test(`${kind} tokenizer: Hugging Face's library reads its file and agrees`, () => {
    const json = JSON.parse(JSON.stringify(tokenizer.toJson()));
    const theirs = new HuggingFaceTokenizer(json, {});
    for (const text of TEXTS) {
      const ids = [...tokenizer.encode(text)];
      assertEquals(theirs.encode(text).ids, ids);
      assertEquals(theirs.decode(ids, { clean_up_tokenization_spaces: false }), text);
    }
  });

  Deno.test(`${kind} tokenizer: its file reads back as the same tokenizer`, async () => {
    const path = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(path, JSON.stringify(tokenizer.toJson()));
      const read = await readTokenizer(path);
      assertEquals(read.toJson(), tokenizer.toJson());
      for (const text of TEXTS) assertEquals(read.encode(text), tokenizer.encode(text));
    } finally {
      await Deno.remove(path);
    }
  });

  Deno.test(`${kind} tokenizer: refuses ids outside its vocabulary`, async () => {
    for (const id of [-1, 0.5, NaN, tokenizer.vocabularySize]) {
      assertThrows(() => tokenizer.decode([id]), RangeError, `the token ${id}`);
      assertThrows(() => tokenizer.bytes(id), RangeError, `the token ${id}`);
      assertThrows(() => tokenizer.byteLength(id), RangeError, `the token ${id}`);
      await assertRejects(() => decodeStream(tokenizer, [id]), RangeError, `the token ${id}`);
    }
  });
}

Deno.test("byte tokenizer: ids are the bytes, and the decoder never shows a part", async () => {
  const tokenizer = byteTokenizer();
  assertEquals([...tokenizer.encode("é诗")], [0xc3, 0xa9, 0xe8, 0xaf, 0x97]);
  assertEquals(await decodeStream(tokenizer, tokenizer.encode("aé诗😀")), ["a", "é", "诗", "😀"]);
  assertEquals(await decodeStream(tokenizer, [0x61, 0xf0, 0x9f, 0x98]), ["a", "\uFFFD"]);
  assertEquals(tokenizer.decode([0xff, 0x61, 0xe8, 0xaf]), "\uFFFDa\uFFFD");
});

Deno.test("char tokenizer: ids follow the code points", () => {
  const tokenizer = charTokenizer("b😀a\uFF5Eba\n");
  assertEquals(tokenizer.vocabularySize, 5);
  // U+FF5E comes before U+1F600, though its UTF-16 code unit is higher.
  assertEquals([...tokenizer.encode("\nab\uFF5E😀")], [0, 1, 2, 3, 4]);
});

Deno.test("char tokenizer: training on a stream takes each character once", async () => {
  const cut = ReadableStream.from(["ba", "\ud83d", "\ude00", "", "a"]);
  assertEquals((await trainCharTokenizer(cut)).toJson(), charTokenizer("ab😀").toJson());
});

Deno.test("char tokenizer: names the character that it lacks", () => {
  const tokenizer = charTokenizer("abc");
  assertThrows(() => tokenizer.encode("ab😀"), RangeError, 'U+1F600 ("😀") at index 2');
  assertThrows(
    () => tokenizer.encode("a\n", { index: 100 }),
    RangeError,
    'U+000A ("\\n") at index 101',
  );
  assertThrows(() => tokenizer.encode("\ud83d"), RangeError, "U+D83D");
});

Deno.test("char tokenizer: refuses to be made of nothing or of half characters", async () => {
  assertThrows(() => charTokenizer(""), RangeError, "got none");
  assertThrows(() => charTokenizer("a\ud83d"), RangeError, "U+D83D");
  const half = () => trainCharTokenizer(ReadableStream.from(["a\ud83d"]));
  await assertRejects(half, RangeError, "U+D83D");
});

Deno.test("readTokenizer: tells where the JSON breaks, and that a file is missing", async () => {
  const path = await Deno.makeTempFile();
  try {
    for (const [text, offset] of [['{"é": 1}}', 9], ['{"é": 1 ', 9], ["", 0], ["x", 0]] as const) {
      await Deno.writeTextFile(path, text);
      const error = await assertRejects(() => readTokenizer(path), DataError, "wanted JSON");
      assertEquals(error.byteOffset, offset);
    }
  } finally {
    await Deno.remove(path);
  }
  await assertRejects(() => readTokenizer(path), DataError, "Cannot read the tokenizer");
});

Deno.test("tokenizer.json: Hugging Face's library gives the same ids and text", async () => {
  const corpus = [...randomStrings(2000, 1)].join(" ");
  const json: Record<string, unknown>[] = [];
  for (const pattern of ["gpt2", "llama3"]) {
    const options = { vocabularySize: 500, pattern, specialTokens: ["<|endoftext|>"] };
    json.push((await trainBpe(ReadableStream.from([corpus]), options)).json);
  }
  for (const each of golden.tokenizers) {
    if (each.name === "BPE as in Llama-2") json.push(each.json as unknown as typeof json[0]);
  }
  for (const each of json) {
    const ours = parseTokenizer(each, "t.json");
    const theirs = new HuggingFaceTokenizer(structuredClone(each), {});
    const strings = [...randomStrings(1000, 2)].filter((text) => text.isWellFormed());
    for (const text of [...TEXTS.filter((text) => !text.includes("\ufeff")), ...strings]) {
      const ids = [...ours.encode(text)];
      assertEquals(ids, theirs.encode(text, { add_special_tokens: false }).ids, text);
    }
  }
});

Deno.test("tokenizer.json: what is made of a byte-level BPE is read by Hugging Face's library", async () => {
  const texts = ReadableStream.from(TEXTS);
  const { json } = await trainBpe(texts, { vocabularySize: 300, specialTokens: ["<|end|>"] });
  const tokenizer = parseTokenizer(json, "t.json");
  const theirs = new HuggingFaceTokenizer(JSON.parse(JSON.stringify(tokenizer.toJson())), {});
  for (const text of TEXTS) {
    const ids = [...tokenizer.encode(text)];
    assertEquals(theirs.decode(ids, { clean_up_tokenization_spaces: false }), text);
    assertEquals(tokenizer.decode(ids), text);
    const shown = await decodeStream(tokenizer, ids);
    assertEquals(shown.join(""), text);
    assertEquals(shown.some((part) => part.includes("\ufffd")), false);
    assertEquals(bytesOf(tokenizer, ids), [...new TextEncoder().encode(text)]);
  }
});

Deno.test("tokenizer.json: the bytes of pieces, of byte tokens and of ids that stand for nothing", () => {
  const metaspace = { replacement: "▁", prepend_scheme: "always", split: true };
  const vocab = { "▁": 0, "<0xE8>": 1, "▁é": 2, a: 3, "<unk>": 5 };
  const model = { type: "BPE", vocab, merges: [], byte_fallback: true, unk_token: "<unk>" };
  const json = {
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "Metaspace", ...metaspace },
    post_processor: null,
    decoder: {
      type: "Sequence",
      decoders: [{ type: "ByteFallback" }, { type: "Metaspace", ...metaspace }],
    },
    model,
  };
  const tokenizer = parseTokenizer(json, "t.json");
  const bytes = Array.from({ length: 6 }, (_, id) => [...tokenizer.bytes(id)]);
  assertEquals(bytes.slice(0, 5), [[0x20], [0xe8], [0x20, 0xc3, 0xa9], [0x61], []]);
});

Deno.test("tokenizer.json: special tokens in a text are plain text where they must not be found", async () => {
  const texts = ReadableStream.from(TEXTS);
  const { json } = await trainBpe(texts, { vocabularySize: 300, specialTokens: ["<|end|>"] });
  const tokenizer = parseTokenizer(json, "t.json");
  const end = tokenizer.specialTokens.get("<|end|>")!;
  assertEquals([...tokenizer.encode("a<|end|>b")].includes(end), true);
  const plain = [...tokenizer.encode("a<|end|>b", { findSpecialTokens: false })];
  assertEquals(plain.includes(end), false);
  assertEquals(tokenizer.decode(plain), "a<|end|>b");
  const without = await trainBpe(ReadableStream.from(TEXTS), { vocabularySize: 299 });
  const alone = parseTokenizer(without.json, "t.json");
  assertEquals(plain.length, alone.encode("a<|end|>b").length);
});
