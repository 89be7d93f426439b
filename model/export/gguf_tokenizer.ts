import type { GgufValue } from "./gguf_format.ts";

/** Kinds of tokens by llama.cpp's numbers. */
const KIND = { normal: 1, control: 3, userDefined: 4, unused: 5 } as const;

/**
 * What llama.cpp calls the pre-tokenizers whose patterns are known. Its `dbrx` has the pattern of
 * cl100k and Llama 3, `llama-bpe` also takes whole words first.
 */
const PRE_TOKENIZERS: TokenizerPatterns = {
  ...{ gpt2: "gpt-2", cl100k: "dbrx", llama3: "dbrx", o200k: "gpt-4o" },
};

/** Pre-token patterns by name, as a `tokenizer.json` writes them. */
export type TokenizerPatterns = Readonly<Record<"gpt2" | "cl100k" | "llama3" | "o200k", string>>;

interface AddedToken {
  id: number;
  content: string;
  special?: boolean;
}

/** As much of a `tokenizer.json` as is read here. */
interface TokenizerJson {
  model?: {
    type?: string;
    vocab?: Record<string, number>;
    merges?: (string | [string, string])[];
    ignore_merges?: boolean;
  };
  added_tokens?: AddedToken[];
  normalizer?: unknown;
  pre_tokenizer?: PreTokenizer | null;
}

interface PreTokenizer {
  type?: string;
  use_regex?: boolean;
  add_prefix_space?: boolean;
  pattern?: { Regex?: string };
  pretokenizers?: PreTokenizer[];
}

/** Names that the token between documents goes by. */
const END_OF_TEXT = ["<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>"];

/**
 * The metadata of a byte-level BPE as llama.cpp reads it for GPT-2: tokens by id, their kinds, merges
 * and the name of the pre-tokenizer. A vocabulary of the 256 bytes is one without merges.
 *
 * @param vocabularySize of the model; ids without a token become unused ones
 * @throws {TypeError} where the tokenizer is another one, naming it and what to do
 */
export function ggufTokenizer(
  json: Readonly<Record<string, unknown>>,
  vocabularySize: number,
  patterns: TokenizerPatterns,
): Record<string, GgufValue> {
  const { model, added_tokens: added = [], normalizer, pre_tokenizer } = json as TokenizerJson;
  const steps = pre_tokenizer?.type === "Sequence"
    ? pre_tokenizer.pretokenizers ?? []
    : pre_tokenizer
    ? [pre_tokenizer]
    : [];
  const byteLevel = steps.find(({ type }) => type === "ByteLevel");
  if (model?.type !== "BPE" || !byteLevel) {
    const isTable = model?.type === "BPE" && model.merges?.length === 0;
    refuse(
      isTable
        ? "it is a character tokenizer"
        : `it is ${model?.type ?? "no tokenizer.json"} without bytes`,
    );
  }
  if (normalizer) refuse("it changes the text before it cuts it (normalizer)");
  if (byteLevel.add_prefix_space) refuse("it puts a space before each text (add_prefix_space)");
  const { vocab = {}, merges = [], ignore_merges } = model;
  const tokens = Array.from({ length: vocabularySize }, (_, id) => `[PAD${id}]`);
  const kinds = new Int32Array(vocabularySize).fill(KIND.unused);
  const set = (content: string, id: number, kind: number) => {
    if (!(id < vocabularySize)) {
      throw new TypeError(
        `Cannot export the tokenizer: its token ${JSON.stringify(content)} has the id ${id}, but ` +
          `the model has ${vocabularySize} tokens; use the tokenizer of this model`,
      );
    }
    tokens[id] = content;
    kinds[id] = kind;
  };
  for (const [content, id] of Object.entries(vocab)) set(content, id, KIND.normal);
  for (const { content, id, special } of added) {
    set(content, id, special ? KIND.control : KIND.userDefined);
  }
  const pattern = steps.find(({ type }) => type === "Split")?.pattern?.Regex ??
    (byteLevel.use_regex === false ? undefined : patterns.gpt2);
  const end = END_OF_TEXT.map((name) => added.find(({ content }) => content === name))
    .find((token) => token !== undefined);
  return {
    "tokenizer.ggml.model": { type: "string", value: "gpt2" },
    "tokenizer.ggml.pre": {
      type: "string",
      value: merges.length === 0 ? "gpt-2" : preTokenizerOf(pattern, patterns, ignore_merges),
    },
    "tokenizer.ggml.tokens": { type: "strings", value: tokens },
    "tokenizer.ggml.token_type": { type: "i32s", value: kinds },
    "tokenizer.ggml.merges": {
      type: "strings",
      value: merges.map((merge) => typeof merge === "string" ? merge : merge.join(" ")),
    },
    ...(end && {
      "tokenizer.ggml.bos_token_id": { type: "u32", value: end.id },
      "tokenizer.ggml.eos_token_id": { type: "u32", value: end.id },
    }),
    "tokenizer.ggml.add_bos_token": { type: "bool", value: false },
  };
}

function preTokenizerOf(
  pattern: string | undefined,
  patterns: TokenizerPatterns,
  ignoreMerges = false,
): string {
  const name = (Object.keys(patterns) as (keyof TokenizerPatterns)[])
    .find((each) => patterns[each] === pattern);
  if (name === undefined) {
    return refuse(
      pattern === undefined
        ? "it cuts no words before it merges bytes"
        : `llama.cpp has no name for its pattern ${pattern}`,
    );
  }
  const isLlama = name === "llama3" && ignoreMerges;
  if (ignoreMerges && !isLlama) refuse("it takes whole words before it merges (ignore_merges)");
  return isLlama ? "llama-bpe" : PRE_TOKENIZERS[name];
}

function refuse(found: string): never {
  throw new TypeError(
    `Cannot export the tokenizer to GGUF: llama.cpp's GPT-2 has a byte-level BPE, ${found}; train ` +
      "a model with --tokenizer byte or one of `quern tokenizer train`, or export safetensors",
  );
}
