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
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [...specialTokens].map(([content, id]) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: pattern === PATTERNS.gpt2 ? byteLevel(true) : {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
        byteLevel(false),
      ],
    },
    post_processor: null,
    decoder: byteLevel(false),
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: ignoreMerges,
      vocab: Object.fromEntries(ids),
      merges,
    },
  };
}

function byteLevel(useRegex: boolean): Record<string, unknown> {
  return { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: useRegex };
}
