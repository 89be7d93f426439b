import { PATTERNS } from "./patterns.ts";

/** What a byte-level BPE consists of. */
export interface BpeParts {
  /** Ids by token. */
  ids: ReadonlyMap<string, number>;
  /** The merges in their order. */
  merges: readonly [left: string, right: string][];
  /** The pre-token pattern. */
  pattern: string;
  /** Ids of the tokens that are found in the text before anything else. */
  specialTokens: ReadonlyMap<string, number>;
  /** Whether a piece that is a token is taken before any merging. */
  ignoreMerges: boolean;
}

/** The content of a Hugging Face `tokenizer.json` of a byte-level BPE. */
export function bpeJson(
  { ids, merges, pattern, specialTokens, ignoreMerges }: BpeParts,
): Record<string, unknown> {
  return tokenizerJson({
    vocabulary: Object.fromEntries(ids),
    merges,
    ignoreMerges,
    addedTokens: [...specialTokens].map(([content, id]) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    preTokenizer: pattern === PATTERNS.gpt2 ? byteLevelJson(true) : {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
        byteLevelJson(false),
      ],
    },
    decoder: byteLevelJson(false),
  });
}

/** The content of a `tokenizer.json` whose model is a table of tokens, which BPE without merges is. */
export function tableJson(
  vocabulary: Record<string, number>,
  stages: { preTokenizer: unknown; decoder: unknown },
): Record<string, unknown> {
  return tokenizerJson({ vocabulary, merges: [], ignoreMerges: false, addedTokens: [], ...stages });
}

/** Bytes as printable characters, in a `tokenizer.json`; with GPT-2's pattern or without. */
export function byteLevelJson(useRegex: boolean): Record<string, unknown> {
  return { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: useRegex };
}

interface JsonParts {
  vocabulary: Record<string, number>;
  merges: BpeParts["merges"];
  ignoreMerges: boolean;
  addedTokens: unknown[];
  preTokenizer: unknown;
  decoder: unknown;
}

function tokenizerJson(parts: JsonParts): Record<string, unknown> {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: parts.addedTokens,
    normalizer: null,
    pre_tokenizer: parts.preTokenizer,
    post_processor: null,
    decoder: parts.decoder,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: parts.ignoreMerges,
      vocab: parts.vocabulary,
      merges: parts.merges,
    },
  };
}
