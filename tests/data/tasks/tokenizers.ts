import { parseTokenizer, type Tokenizer, trainBpe } from "../../../data/mod.ts";

/** A byte-level BPE of 300 tokens with end-of-text and ChatML's marks. */
export async function smallBpe(): Promise<Tokenizer> {
  const text = "the quick brown fox jumps over the lazy dog, the fox and the hen. ".repeat(20);
  const { json } = await trainBpe(ReadableStream.from([text]), {
    vocabularySize: 300,
    specialTokens: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
  });
  return parseTokenizer(json, "small.json");
}

/** The place of examples that come from nowhere. */
export const PLACE = { path: "a.tsv", line: 3, offset: 30 };
