/** The tokenizers that formats are tested with. */
import {
  byteTokenizer,
  charTokenizer,
  parseTokenizer,
  readTokenizer,
  type Tokenizer,
  trainBpe,
} from "../../../data/mod.ts";
import { fromFileUrl } from "@std/path";

/** GPT-2's tokenizer, V = 50,257. */
export async function gpt2(): Promise<Tokenizer> {
  const url = import.meta.resolve("gpt-tokenizer/data/r50k_base.tiktoken");
  return await readTokenizer(fromFileUrl(url));
}

/** A byte-level BPE trained on JSON, so that its tokens cross the borders of a value's parts. */
export async function jsonBpe(): Promise<Tokenizer> {
  const texts = Array.from({ length: 400 }, (_, i) => {
    const value = {
      name: `name ${i % 7}`,
      items: [{ x: i, y: "red" }, { x: -i / 8, y: "blue" }],
      tags: [["a"], [], [[null, true, false]]],
      nested: { next: { next: null } },
    };
    return JSON.stringify(value, null, [0, 2][i % 2]) + JSON.stringify([[[value.items]]]);
  });
  const { json } = await trainBpe(ReadableStream.from(texts), {
    vocabularySize: 700,
    pattern: String.raw`\s+|\w+|[^\s\w]+`,
    specialTokens: ["<|endoftext|>"],
  });
  return parseTokenizer(json, "json.json");
}

/** A byte-level BPE whose longer tokens are runs of one letter: 2, 4, 8 and 16 of them. */
export async function letterBpe(): Promise<Tokenizer> {
  const texts = ReadableStream.from(["a".repeat(1024)]);
  const { json } = await trainBpe(texts, { vocabularySize: 260 });
  return parseTokenizer(json, "letters.json");
}

/** Pieces as SentencePiece makes them, where all that is no piece is bytes. */
export function pieces(): Tokenizer {
  const texts = ["<unk>", "<s>", "</s>"];
  for (let byte = 0; byte < 256; byte++) {
    texts.push(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  }
  texts.push('"', "{", "}", "[", "]", ":", ",", "▁", '{"', '":', '"}', '",', "a", "é", "▁1", '▁"');
  const vocab = Object.fromEntries(texts.map((text, id) => [text, id]));
  const special = { special: true, normalized: false };
  return parseTokenizer({
    added_tokens: [{ id: 1, content: "<s>", ...special }, { id: 2, content: "</s>", ...special }],
    normalizer: { type: "Replace", pattern: { String: " " }, content: "▁" },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
      ],
    },
    model: { type: "BPE", vocab, merges: [], byte_fallback: true, unk_token: "<unk>" },
  }, "pieces.json");
}

/** Characters, no end-of-text, and not all that JSON needs. */
export function characters(): Tokenizer {
  return charTokenizer('{}[]":, \nabctruefalsn0123456789é.-');
}

export { byteTokenizer };
