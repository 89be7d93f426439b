import { byteAlphabet } from "./byte.ts";
import type { JsonPart } from "./json_part.ts";
import { readPattern } from "./json_pattern.ts";
import { PATTERNS, RUST_WORD, splitRegExp } from "./patterns.ts";
import { scriptFinder } from "./scripts.ts";
import { SPLIT_BEHAVIORS, type SplitBehavior, splitText } from "./splits.ts";

/** A piece of text that no token goes beyond. */
export interface Piece {
  text: string;
  /** Whether it begins the whole text. */
  isFirst: boolean;
}

/** Cuts a piece into smaller ones, and may change them. */
export type PreTokenizer = (piece: Piece) => Piece[];

const WHITE = /\p{White_Space}/gu;
const WORDS = new RegExp(`[${RUST_WORD}]+|[^${RUST_WORD}\\p{White_Space}]+`, "gu");
const PUNCTUATION = /[\p{P}$+<=>^`|~]/gu;
const NUMBER = /\p{N}/gu;

const KINDS: Readonly<Record<string, (part: JsonPart) => PreTokenizer>> = {
  BertPreTokenizer: () => sequence([splitter(WHITE, "Removed"), splitter(PUNCTUATION, "Isolated")]),
  ByteLevel(part) {
    const { prefixSpace, useRegex } = readByteLevel(part);
    return byteLevelPreTokenizer(prefixSpace, useRegex);
  },
  CharDelimiterSplit(part) {
    const delimiter = part.string("delimiter");
    if ([...delimiter].length !== 1) part.refuse("delimiter", "one character", delimiter);
    return splitter(new RegExp(RegExp.escape(delimiter), "gu"), "Removed");
  },
  Digits(part) {
    return splitter(NUMBER, part.boolean("individual_digits", false) ? "Isolated" : "Contiguous");
  },
  FixedLength(part) {
    const length = part.count("length", 5);
    if (length === 0) part.refuse("length", "a whole number of at least 1", length);
    return ({ text, isFirst }) => {
      const characters = [...text];
      const starts = Array.from(
        { length: Math.ceil(characters.length / length) },
        (_, i) => i * length,
      );
      return starts.map((start) => ({
        text: characters.slice(start, start + length).join(""),
        isFirst: isFirst && start === 0,
      }));
    };
  },
  Metaspace(part) {
    const { replacement, scheme, split } = readMetaspace(part);
    const pattern = new RegExp(RegExp.escape(replacement), "gu");
    const cut = splitter(pattern, "MergedWithNext");
    return ({ text, isFirst }) => {
      let changed = text.replaceAll(" ", () => replacement);
      const prepends = scheme === "always" || (scheme === "first" && isFirst);
      if (prepends && !changed.startsWith(replacement)) changed = replacement + changed;
      return split ? cut({ text: changed, isFirst }) : [{ text: changed, isFirst }];
    };
  },
  Punctuation: (part) =>
    splitter(PUNCTUATION, part.choice("behavior", SPLIT_BEHAVIORS, "Isolated")),
  Sequence: (part) => sequence(part.parts("pretokenizers").map(readPreTokenizer)),
  Split(part) {
    const pattern = readPattern(part);
    const behavior = part.choice("behavior", SPLIT_BEHAVIORS);
    return splitter(pattern, behavior, part.boolean("invert", false));
  },
  UnicodeScripts: () => {
    const scriptOf = scriptFinder();
    return (piece) => cutPiece(piece, scriptStretches(piece.text, scriptOf));
  },
  Whitespace: () => splitter(WORDS, "Removed", true),
  WhitespaceSplit: () => splitter(WHITE, "Removed"),
};

/** Reads a pre-tokenizer. */
export function readPreTokenizer(part: JsonPart): PreTokenizer {
  const type = part.choice("type", Object.keys(KINDS));
  const preTokenizer = KINDS[type](part);
  part.end();
  return (piece) => piece.text === "" ? [] : preTokenizer(piece);
}

/** Reads the fields of a part of type ByteLevel. */
export function readByteLevel(part: JsonPart): { prefixSpace: boolean; useRegex: boolean } {
  part.boolean("trim_offsets", true);
  return {
    prefixSpace: part.boolean("add_prefix_space", true),
    useRegex: part.boolean("use_regex", true),
  };
}

/** Reads the fields of a part of type Metaspace, those of older files as well. */
export function readMetaspace(
  part: JsonPart,
): { replacement: string; scheme: "always" | "first" | "never"; split: boolean } {
  const replacement = part.string("replacement", "▁");
  if ([...replacement].length !== 1) part.refuse("replacement", "one character", replacement);
  part.optionalString("str_rep");
  const prepends = part.boolean("add_prefix_space", true);
  const scheme = part.choice(
    "prepend_scheme",
    ["always", "first", "never"],
    prepends ? "always" : "never",
  );
  return { replacement, scheme, split: part.boolean("split", true) };
}

function sequence(steps: PreTokenizer[]): PreTokenizer {
  return (piece) => steps.reduce((pieces, step) => pieces.flatMap(step), [piece]);
}

function splitter(pattern: RegExp, behavior: SplitBehavior, invert = false): PreTokenizer {
  return (piece) => cutPiece(piece, splitText(piece.text, pattern, behavior, invert));
}

function cutPiece({ text, isFirst }: Piece, stretches: [number, number][]): Piece[] {
  return stretches.map(([start, end]) => ({
    text: text.slice(start, end),
    isFirst: isFirst && start === 0,
  }));
}

function byteLevelPreTokenizer(prefixSpace: boolean, useRegex: boolean): PreTokenizer {
  const alphabet = byteAlphabet();
  const utf8 = new TextEncoder();
  const cut = useRegex
    ? splitter(splitRegExp(PATTERNS.gpt2), "Isolated")
    : (piece: Piece) => [piece];
  return ({ text, isFirst }) => {
    const prefixed = prefixSpace && !text.startsWith(" ") ? " " + text : text;
    return cut({ text: prefixed, isFirst }).map((piece) => ({
      text: Array.from(utf8.encode(piece.text), (byte) => alphabet[byte]).join(""),
      isFirst: piece.isFirst,
    }));
  };
}

/**
 * Cuts where the script changes; characters of no script go with those before them, and where there
 * are none before them they are left out, as in Hugging Face's library.
 */
function scriptStretches(
  text: string,
  scriptOf: (character: string) => string | undefined,
): [number, number][] {
  const starts: number[] = [];
  let last: string | undefined;
  let at = 0;
  for (const character of text) {
    const script = scriptOf(character) ?? last;
    if (script !== last) starts.push(at);
    last = script;
    at += character.length;
  }
  return starts.map((start, i) => [start, starts[i + 1] ?? text.length]);
}
