/** What a word is made of. */
export const SYMBOLS = 0;
/** A word of digits alone. */
export const DIGITS = 1;
/** A word with at least one letter. */
export const LETTERS = 2;

/** The words of a text, as places in it; they do not overlap and stand in order. */
export interface Words {
  /** Number of words, symbols included. */
  count: number;
  /** Where each begins, in UTF-16 units: [count]. */
  starts: Int32Array;
  /** Where each ends, exclusive: [count]. */
  ends: Int32Array;
  /** `SYMBOLS`, `DIGITS` or `LETTERS`: [count]. */
  kinds: Uint8Array;
  /** How many of them are in scripts that are written without spaces between words. */
  unspaced: number;
}

const SPACE = 3;
/** A letter of a script that is written without spaces between words. */
const UNSPACED = 4;

/**
 * Splits a text into words and symbols.
 *
 * A word is a run of letters, marks and digits of any script; an apostrophe or underscore between
 * two of them and a point or comma between two digits belong to it. A run of one other character
 * (`...`, `—`) is a word of symbols. Runs of Chinese, Japanese, Thai, Lao, Khmer and Burmese go
 * through `Intl.Segmenter`. spaCy's English rules, which the published filters were tuned with,
 * also split contractions (`do n't`) and units (`5 km`), and keep URLs and abbreviations whole.
 *
 * @example
 * ```ts
 * import { splitWords } from "./words.ts";
 * const text = "It's 3.5 km... 我们去北京。";
 * const { starts, ends, count } = splitWords(text);
 * console.log(Array.from({ length: count }, (_, i) => text.slice(starts[i], ends[i])));
 * // ["It's", "3.5", "km", "...", "我们", "去", "北京", "。"]
 * ```
 */
export function splitWords(text: string): Words {
  const places = new Places(text.length);
  const ascii = classesOf(0);
  const length = text.length;
  let i = 0;
  while (i < length) {
    let unit = text.charCodeAt(i);
    let kind = unit < 128 ? ascii[unit] : classAt(text, i);
    if (kind === SPACE) {
      i++;
      continue;
    }
    const start = i;
    if (kind === SYMBOLS) {
      const width = widthAt(text, i);
      i += width;
      // A character of two units has the same first unit as its neighbours: compare both.
      while (text.charCodeAt(i) === unit && (width === 1 || same(text, start, i))) i += width;
      places.add(start, i, SYMBOLS);
      continue;
    }
    if (kind === UNSPACED) {
      do i += widthAt(text, i); while (i < length && classAt(text, i) === UNSPACED);
      segment(text, start, i, places);
      continue;
    }
    let wordKind = DIGITS;
    while (kind === LETTERS || kind === DIGITS || joins(text, i, unit, kind)) {
      if (kind === LETTERS) wordKind = LETTERS;
      i += unit < 128 ? 1 : widthAt(text, i);
      if (i >= length) break;
      unit = text.charCodeAt(i);
      kind = unit < 128 ? ascii[unit] : classAt(text, i);
    }
    places.add(start, i, wordKind);
  }
  return places.words();
}

/**
 * Number of pieces between white space, up to `most`; a piece in a script without spaces counts as
 * its words. The published line filters count words like this.
 */
export function countSpacedWords(text: string, most: number = Infinity): number {
  const ascii = classesOf(0);
  let count = 0;
  let inside = false;
  for (let i = 0; i < text.length && count < most; i++) {
    const unit = text.charCodeAt(i);
    const kind = unit < 128 ? ascii[unit] : classesOf(unit >>> 8)[unit & 255];
    if (kind === UNSPACED) {
      const { count, kinds } = splitWords(text);
      return Math.min(most, count - kinds.reduce((sum, kind) => sum + Number(kind === SYMBOLS), 0));
    }
    if (kind !== SPACE && !inside) count++;
    inside = kind !== SPACE;
  }
  return count;
}

const UNSPACED_SCRIPTS = [
  "Han",
  "Hiragana",
  "Katakana",
  "Thai",
  "Lao",
  "Khmer",
  "Myanmar",
];
const UNSPACED_LETTER = new RegExp(
  // Script extensions take in the long-vowel mark, which is common to two scripts, and with it
  // some punctuation, hence the letters and marks.
  `(?=[\\p{L}\\p{M}\\p{Nl}])[${UNSPACED_SCRIPTS.map((name) => `\\p{scx=${name}}`).join("")}]`,
  "u",
);

/** Whether the symbol at i holds the word around it together. */
function joins(text: string, i: number, unit: number, kind: number): boolean {
  if (kind !== SYMBOLS || i + 1 >= text.length) return false;
  const next = classAt(text, i + 1);
  if (unit === 0x2e || unit === 0x2c) { // . ,
    return next === DIGITS && classAt(text, i - 1) === DIGITS;
  }
  if (unit !== 0x27 && unit !== 0x2019 && unit !== 0x5f) return false; // ' ’ _
  return next === LETTERS || next === DIGITS;
}

/** Classes of the characters of each block of 256, made when a text first needs them. */
const blocks: (Uint8Array | undefined)[] = [];

function classesOf(block: number): Uint8Array {
  return blocks[block] ??= classifyBlock(block);
}

function classAt(text: string, i: number): number {
  const code = text.codePointAt(i)!;
  return classesOf(code >>> 8)[code & 255];
}

function classifyBlock(block: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, i) => {
    const character = String.fromCodePoint(block * 256 + i);
    if (UNSPACED_LETTER.test(character)) return UNSPACED;
    if (/[\p{L}\p{M}]/u.test(character)) return LETTERS;
    if (/\p{N}/u.test(character)) return DIGITS;
    // Joiners and other format characters are invisible: they make no word and end none.
    return /[\s\p{Cc}]/u.test(character) ? SPACE : /\p{Cf}/u.test(character) ? LETTERS : SYMBOLS;
  });
}

/** UTF-16 units of the character at i. */
function widthAt(text: string, i: number): number {
  return text.codePointAt(i)! > 0xffff ? 2 : 1;
}

function same(text: string, i: number, j: number): boolean {
  return text.codePointAt(i) === text.codePointAt(j);
}

let segmenter: Intl.Segmenter | undefined;

function segment(text: string, start: number, end: number, places: Places): void {
  // The dictionaries are the same for every locale. Making a segmenter takes milliseconds.
  segmenter ??= new Intl.Segmenter("en", { granularity: "word" });
  for (const { index, segment } of segmenter.segment(text.slice(start, end))) {
    places.add(start + index, start + index + segment.length, LETTERS);
    places.unspaced++;
  }
}

/** Grows as words are found. */
class Places {
  unspaced = 0;
  private count = 0;
  private starts: Int32Array;
  private ends: Int32Array;
  private kinds: Uint8Array;

  constructor(textLength: number) {
    const room = (textLength >>> 2) + 16; // enough for most texts at the first try
    this.starts = new Int32Array(room);
    this.ends = new Int32Array(room);
    this.kinds = new Uint8Array(room);
  }

  add(start: number, end: number, kind: number): void {
    if (this.count === this.starts.length) this.grow();
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.kinds[this.count++] = kind;
  }

  words(): Words {
    return {
      count: this.count,
      starts: this.starts.subarray(0, this.count),
      ends: this.ends.subarray(0, this.count),
      kinds: this.kinds.subarray(0, this.count),
      unspaced: this.unspaced,
    };
  }

  private grow(): void {
    const room = this.starts.length * 2;
    const [starts, ends, kinds] = [this.starts, this.ends, this.kinds];
    (this.starts = new Int32Array(room)).set(starts);
    (this.ends = new Int32Array(room)).set(ends);
    (this.kinds = new Uint8Array(room)).set(kinds);
  }
}
