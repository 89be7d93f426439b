import { LETTER, LOWER, NEWLINE, NUMBER, OTHER, UPPER } from "./character_classes.ts";
import {
  APOSTROPHE,
  BLANK,
  blankEnd,
  contractionEnd,
  type Scanner,
  WHITE,
} from "./gpt2_scanner.ts";
import { byteLength, previous, type Utf8Classes } from "./utf8_classes.ts";

/** In what the patterns of the family differ. */
export interface Gpt4Pattern {
  /** The most numbers in a piece. */
  maxNumbers: number;
  /** Whether white space at the end of the text is one piece though it has line ends (cl100k). */
  wholeTail: boolean;
  /** Whether words end where capitals begin, and keep their contractions (o200k). */
  cased: boolean;
}

/**
 * The pre-tokens of cl100k, Llama-3 and o200k: words with one character before them, short runs of
 * numbers, other characters with line ends, white space up to a line end, other white space.
 */
export function gpt4Scanner(classes: Utf8Classes, pattern: Gpt4Pattern): Scanner {
  const { maxNumbers, wholeTail, cased } = pattern;
  const wordEnd = cased ? casedWordEnd : plainWordEnd;

  /** White space: to the end, to the last line end, or to where the next piece takes the rest. */
  function whiteEnd(bytes: Uint8Array, start: number, end: number): number {
    const run = classes.runEnd(bytes, start, WHITE);
    if (run === end && wholeTail) return run;
    for (let i = run; i > start; i--) {
      if (bytes[i - 1] === 10 || bytes[i - 1] === 13) return i;
    }
    return blankEnd(bytes, start, end, run);
  }

  function next(bytes: Uint8Array, start: number, end: number): number {
    const flags = classes.at(bytes, start);
    const word = wordEnd(classes, bytes, start, flags);
    if (word > start) return word;
    if ((flags & NUMBER) !== 0) return classes.numbersEnd(bytes, start, maxNumbers);
    const other = bytes[start] === BLANK ? start + 1 : start;
    const run = classes.runEnd(bytes, other, OTHER);
    return run > other ? lineEnds(bytes, run, cased) : whiteEnd(bytes, start, end);
  }

  return (bytes, end, ends) => {
    let count = 0;
    for (let start = 0; start < end;) ends[count++] = start = next(bytes, start, end);
    return count;
  };
}

/** The end of `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+`, or `start`. */
function plainWordEnd(
  classes: Utf8Classes,
  bytes: Uint8Array,
  start: number,
  flags: number,
): number {
  if ((flags & LETTER) !== 0) return classes.runEnd(bytes, start, LETTER);
  if ((flags & (NEWLINE | NUMBER)) !== 0) return start;
  if (bytes[start] === APOSTROPHE) {
    const contracted = anyContractionEnd(bytes, start);
    if (contracted > start) return contracted;
  }
  const word = start + byteLength(bytes[start]);
  const run = classes.runEnd(bytes, word, LETTER);
  return run > word ? run : start;
}

/** The end of o200k's two alternatives for words, or `start`. */
function casedWordEnd(
  classes: Utf8Classes,
  bytes: Uint8Array,
  start: number,
  flags: number,
): number {
  // A mark is both what may stand before a word and a part of it.
  const before = (flags & (LETTER | NUMBER | NEWLINE)) === 0;
  const word = start + byteLength(bytes[start]);
  let stop = before ? lowerWordEnd(classes, bytes, word) : word;
  if (stop === word) stop = lowerWordEnd(classes, bytes, start);
  if (stop === start && before) {
    stop = classes.runEnd(bytes, word, UPPER);
    if (stop === word) stop = start;
  }
  if (stop === start) stop = classes.runEnd(bytes, start, UPPER);
  return stop === start ? start : anyContractionEnd(bytes, stop);
}

/** The end of `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`, or `start`. */
function lowerWordEnd(classes: Utf8Classes, bytes: Uint8Array, start: number): number {
  const upper = classes.runEnd(bytes, start, UPPER);
  const lower = classes.runEnd(bytes, upper, LOWER);
  if (lower > upper) return lower;
  // What both parts may hold is given back by the first, until the second has one.
  for (let i = upper; i > start;) {
    const last = previous(bytes, i);
    if ((classes.at(bytes, last) & LOWER) !== 0) return i;
    i = last;
  }
  return start;
}

/** The end of `[\r\n]*`, with cased words of `[\r\n/]*`, from `i`. */
function lineEnds(bytes: Uint8Array, i: number, slash: boolean): number {
  while (bytes[i] === 10 || bytes[i] === 13 || (slash && bytes[i] === 0x2f)) i++;
  return i;
}

/** The end of `(?i:'s|'t|'re|'ve|'m|'ll|'d)`, or `start`. */
function anyContractionEnd(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== APOSTROPHE) return start;
  // U+017F, an s of old, is the one other character that folds to one of these letters.
  if (bytes[start + 1] === 0xc5 && bytes[start + 2] === 0xbf) return start + 3;
  return contractionEnd(bytes, start, 0x20);
}
