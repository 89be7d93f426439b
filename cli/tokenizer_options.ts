import { defineOptions, JSON_OPTION, type OptionTable } from "./options.ts";

const TOKENIZER = {
  tokenizer: {
    type: "string",
    unit: "FILE",
    help:
      "encode, decode, inspect: tokenizer.json, OpenAI's cl100k_base.tiktoken and such, or byte.",
  },
} as const;

const SOURCES = {
  data: {
    type: "strings",
    unit: "SOURCE",
    help: "train, inspect: texts to learn from or to try; a file, a folder, a glob, a URL or -.",
  },
  textField: {
    type: "string",
    unit: "NAME",
    default: "text",
    help: "train, inspect: column of the text.",
  },
} as const;

/** Options of `quern tokenizer encode`. */
export const ENCODE_OPTIONS = defineOptions({
  ...TOKENIZER,
  special: { type: "boolean", help: "encode: add the special tokens that stand around a text." },
});

/** Options of `quern tokenizer decode`. */
export const DECODE_OPTIONS = defineOptions(TOKENIZER);

/** Options of `quern tokenizer inspect`. */
export const INSPECT_OPTIONS = defineOptions({
  ...TOKENIZER,
  ...SOURCES,
  sampleBytes: {
    type: "integer",
    unit: "bytes",
    min: 1,
    default: 10_000_000,
    help: "inspect: how much of the texts is tried.",
  },
  ...JSON_OPTION,
});

/** Options of `quern tokenizer train`. */
export const TRAIN_TOKENIZER_OPTIONS = defineOptions({
  ...SOURCES,
  vocabularySize: {
    type: "integer",
    unit: "tokens",
    min: 257,
    default: 32_768,
    help: "train: size of the vocabulary, with the 256 bytes and the special tokens.",
  },
  pattern: {
    type: "string",
    unit: "PATTERN",
    default: "gpt2",
    help: "train: what cuts text into pieces: gpt2, cl100k, o200k, llama3 or a regular expression.",
  },
  specialToken: {
    type: "strings",
    unit: "TOKEN",
    default: ["<|endoftext|>"],
    help: "train: a token that is found in the text before anything else.",
  },
  minFrequency: {
    type: "integer",
    min: 1,
    default: 2,
    help: "train: occurrences that a pair of tokens must have to become one.",
  },
  maxMemoryBytes: {
    type: "integer",
    unit: "bytes",
    min: 2 ** 20,
    default: 2 ** 29,
    help: "train: memory for the different words; the rarest are left out where it is too little.",
  },
  out: {
    type: "string",
    unit: "FILE",
    default: "tokenizer.json",
    help: "train: where to write the tokenizer.",
  },
});

/** The options of all four, as `--help` shows them. */
export const TOKENIZER_OPTIONS: OptionTable = {
  ...TRAIN_TOKENIZER_OPTIONS,
  ...ENCODE_OPTIONS,
  ...INSPECT_OPTIONS,
};
