import { PATTERNS } from "../patterns.ts";
import { CharacterClasses } from "./character_classes.ts";
import { gpt2Scanner, type Scanner } from "./gpt2_scanner.ts";
import { gpt4Scanner } from "./gpt4_scanner.ts";
import { Utf8Classes } from "./utf8_classes.ts";

/** The scanner for a pattern of GPT-2, cl100k, o200k, Llama-3 or Qwen; none for others. */
export function scannerOf(pattern: string): Scanner | undefined {
  const classes = () => new Utf8Classes(new CharacterClasses());
  if (pattern === PATTERNS.gpt2) return gpt2Scanner(classes());
  const numbers = /\|\\p\{N\}(?:\{1,(\d{1,2})\})?\|/.exec(pattern);
  if (numbers === null) return undefined;
  const maxNumbers = Number(numbers[1] ?? 1);
  const standard = pattern.replace(numbers[0], String.raw`|\p{N}{1,3}|`);
  if (maxNumbers < 1 || ![PATTERNS.cl100k, PATTERNS.o200k, PATTERNS.llama3].includes(standard)) {
    return undefined;
  }
  return gpt4Scanner(classes(), {
    maxNumbers,
    wholeTail: standard === PATTERNS.cl100k,
    cased: standard === PATTERNS.o200k,
  });
}

/**
 * The last place in `text` between `from` (not itself) and `to` where every scanner ends a piece,
 * whatever stands before and behind: after a letter that no letter, mark or apostrophe follows.
 * `from` where there is none.
 */
export function lastBorder(text: string, from: number, to: number): number {
  for (let i = Math.min(to, text.length - 1); i > from; i--) {
    if (isLetter(text.charCodeAt(i - 1)) && !mayContinue(text.charCodeAt(i))) return i;
  }
  return from;
}

function isLetter(unit: number): boolean {
  if (unit < 0x80) return (unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a;
  return /\p{L}/u.test(String.fromCharCode(unit));
}

function mayContinue(unit: number): boolean {
  if (unit < 0x80) return unit === 0x27 || isLetter(unit);
  // Half a surrogate pair may belong to a letter.
  return /[\p{L}\p{M}\p{Cs}]/u.test(String.fromCharCode(unit));
}
