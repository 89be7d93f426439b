import { splitWords } from "../words.ts";

/**
 * A text without case, punctuation, marks and numbers, in which near duplicates are compared: words
 * with one space between two. Lower case; every number becomes 0; punctuation, symbols and control
 * characters become spaces; accents are taken off.
 *
 * This is datatrove's `simplify_text` followed by a word splitter, with these differences: the
 * punctuation is Unicode's P and S, not a list; words are what stands between spaces, where spaCy's
 * English rules would still split a few (`dont` into `do nt`, `0km` into `0 km`); each character of
 * Chinese and Japanese is a word of its own, which no dictionary's next edition changes; Thai, Lao,
 * Khmer and Burmese are split by `splitWords`.
 */
export function simplify(text: string): string {
  const simple = text.toLowerCase().replace(/\p{Nd}+(?:[.,،٫⎖⎗⎘]\p{Nd}+)?/gu, "0");
  return (DICTIONARY_SCRIPT.test(simple) ? spaced(simple) : simple)
    .normalize("NFD")
    .replace(/\p{Mn}+/gu, "")
    .replace(/[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]/gu, " $& ")
    .replace(/[\p{P}\p{S}\p{Cc}\s]+/gu, " ")
    .trim();
}

/** Scripts of many letters a word and no spaces between words. */
export const DICTIONARY_SCRIPT = /[\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

function spaced(text: string): string {
  const { starts, ends, count } = splitWords(text);
  return Array.from({ length: count }, (_, i) => text.slice(starts[i], ends[i])).join(" ");
}

/** Characters that are simplified at once, at least. */
const STRETCH = 1 << 16;
/** White space is looked for so far; where there is none, a word is cut. */
const LONGEST_STRETCH = 1 << 20;

/** A text in stretches that end at white space, so that simplifying takes little memory. */
export function* stretches(text: string): Generator<string> {
  const space = /\s/g;
  for (let start = 0; start < text.length;) {
    space.lastIndex = start + STRETCH;
    const far = Math.min(text.length, start + LONGEST_STRETCH);
    const found = space.lastIndex < text.length ? space.exec(text)?.index ?? far : far;
    const end = Math.min(found, far);
    yield text.slice(start, end);
    start = end;
  }
}
