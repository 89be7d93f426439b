/** Flags of a character: its place in the classes that pre-token patterns know. */
export const LETTER = 1;
/** `\p{N}`. */
export const NUMBER = 2;
/** White_Space but for carriage return and line feed. */
export const SPACE = 4;
/** Carriage return or line feed. */
export const NEWLINE = 8;
/** What may stand in the first part of o200k's words: `Lu`, `Lt`, `Lm`, `Lo` and marks. */
export const UPPER = 16;
/** What may stand in the second part of o200k's words: `Ll`, `Lm`, `Lo` and marks. */
export const LOWER = 32;
/** None of letter, number and white space. */
export const OTHER = 64;
/** Set once a character has been looked up. */
const KNOWN = 128;

const BLOCK = 4096;
const CLASSES: readonly [RegExp, number][] = [
  [/[\p{Lu}\p{Lt}]+/gu, LETTER | UPPER],
  [/\p{Ll}+/gu, LETTER | LOWER],
  [/[\p{Lm}\p{Lo}]+/gu, LETTER | UPPER | LOWER],
  [/\p{M}+/gu, UPPER | LOWER | OTHER],
  [/\p{N}+/gu, NUMBER],
  [/[^\P{White_Space}\r\n]+/gu, SPACE],
  [/[\r\n]+/gu, NEWLINE],
];

/** Looks up characters in the engine's Unicode tables, a block at a time, once each. */
export class CharacterClasses {
  /** By code point; 0 where not looked up yet. */
  readonly #flags: Uint8Array = new Uint8Array(0x110000);

  /** The flags of a code point. */
  of(codePoint: number): number {
    return this.#flags[codePoint] || this.#lookUp(codePoint);
  }

  #lookUp(codePoint: number): number {
    const first = codePoint - codePoint % BLOCK;
    // Halves of surrogate pairs are characters of their own here, none of any class.
    const characters = Array.from({ length: BLOCK }, (_, i) => String.fromCodePoint(first + i));
    const text = characters.map((c) => /^\p{Cs}/u.test(c) ? "\0" : c).join("");
    const width = first >= 0x10000 ? 2 : 1;
    this.#flags.fill(KNOWN | OTHER, first, first + BLOCK);
    for (const [pattern, flags] of CLASSES) {
      for (const { index, 0: run } of text.matchAll(pattern)) {
        const start = first + index / width;
        this.#flags.fill(KNOWN | flags, start, start + run.length / width);
      }
    }
    return this.#flags[codePoint];
  }
}
