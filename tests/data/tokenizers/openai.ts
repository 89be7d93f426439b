/** OpenAI's vocabularies as `gpt-tokenizer` carries them, and that library's encoders. */
import { encode as encodeCl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { encode as encodeO200k } from "gpt-tokenizer/encoding/o200k_base";
import { encode as encodeGpt2 } from "gpt-tokenizer/encoding/r50k_base";
import { fromFileUrl } from "@std/path";
import { readTokenizer, type Tokenizer } from "../../../data/tokenizers/mod.ts";

type Encode = (text: string, options: { allowedSpecial: "all" }) => number[];

/** A vocabulary and the encoder of `gpt-tokenizer` for it. */
export interface OpenAiCase {
  name: string;
  /** Path of its tiktoken file. */
  path: string;
  encode(text: string): number[];
}

const ENCODERS: [string, Encode][] = [
  ["r50k_base", encodeGpt2],
  ["cl100k_base", encodeCl100k],
  ["o200k_base", encodeO200k],
];

/** The vocabularies of GPT-2, GPT-4 and GPT-4o. */
export const OPENAI: readonly OpenAiCase[] = ENCODERS.map(([name, encode]) => ({
  name,
  path: fromFileUrl(import.meta.resolve(`gpt-tokenizer/data/${name}.tiktoken`)) as string,
  encode: (text) => encode(text, { allowedSpecial: "all" }),
}));

const opened = new Map<string, Promise<Tokenizer>>();

/** Our tokenizer of one of them, read once. */
export function openTokenizer({ path }: OpenAiCase): Promise<Tokenizer> {
  const tokenizer = opened.get(path) ?? readTokenizer(path);
  opened.set(path, tokenizer);
  return tokenizer;
}
