import type { Tokenizer } from "../tokenizers/mod.ts";
import { encodeAt, type Encoder, type EncoderOptions, joinIds, makeEncoder } from "./example.ts";
import { tooManyTokens } from "./example.ts";
import type { LabelSet } from "./labels.ts";
import { badExample, type Place } from "./reader.ts";
import type { Tagged } from "./tagging.ts";

/** Options of {@linkcode taggingEncoder}. */
export interface TaggingEncoderOptions extends EncoderOptions {
  /** The tokenizer of the model. */
  tokenizer: Tokenizer;
  /** `O`, `B-` and `I-` of each type: see `tagLabels`. */
  labels: LabelSet;
  /**
   * The piece of a word that the head reads. A causal model has seen the whole word only at its
   * last. @default "last"
   */
  piece?: "first" | "last";
}

/** The tokens of a text and where its words are read. */
export interface WordTokens {
  /** [n] token ids. */
  tokens: Uint32Array;
  /** For each word the position that the head reads; -1 where the word has no token. */
  positions: Int32Array;
}

/**
 * Encodes a text word by word, each with the white space before it, so that no token stands across
 * two words; the text after the last word is left out.
 *
 * @throws {DataError} with the line, where the vocabulary lacks a character
 */
export function encodeWords(
  { text, words, place }: { text: string; words: Tagged["words"]; place: Place },
  tokenizer: Tokenizer,
  piece: "first" | "last" = "last",
): WordTokens {
  const utf8 = new TextEncoder();
  const positions = new Int32Array(words.length).fill(-1);
  const parts: Uint32Array[] = [];
  let length = 0;
  let at = 0;
  words.forEach(({ start, end }, word) => {
    const index = at;
    const ids = encodeAt((part) => tokenizer.encode(part, { index }), text.slice(at, end), place);
    let first = 0;
    // Pieces of the white space alone are none of the word.
    let gap = utf8.encode(text.slice(at, start)).length;
    while (first < ids.length - 1 && gap >= tokenizer.byteLength(ids[first]) && gap > 0) {
      gap -= tokenizer.byteLength(ids[first++]);
    }
    if (ids.length > 0) positions[word] = length + (piece === "first" ? first : ids.length - 1);
    parts.push(ids);
    length += ids.length;
    at = end;
  });
  return { tokens: joinIds(parts), positions };
}

/**
 * Tagged texts as a classifier of tokens sees them, as `GPT2ForTokenClassification`: the target is
 * the tag's id at the first or last piece of each word, nothing elsewhere. A text that is cut loses
 * the words beyond the context.
 */
export function taggingEncoder(options: TaggingEncoderOptions): Encoder<Tagged> {
  const { tokenizer, labels, context, onLong = "error", piece = "last" } = options;
  return makeEncoder((sentence) => {
    const { tags, place } = sentence;
    const { tokens: ids, positions } = encodeWords(sentence, tokenizer, piece);
    if (ids.length === 0) throw badExample(place, "its text has no tokens; remove the sentence");
    if (ids.length > context && onLong === "error") {
      throw tooManyTokens(place, "the sentence", ids.length, context);
    }
    const tokens = ids.slice(0, context);
    const targets = new Int32Array(tokens.length).fill(-1);
    positions.forEach((position, word) => {
      if (position >= 0 && position < context) targets[position] = labels.idOf(tags[word], place);
    });
    return { tokens, targets, cut: ids.length > context };
  });
}
