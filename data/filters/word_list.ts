import type { Step } from "../stage.ts";
import { splitWords } from "../words.ts";

/** Options of `wordFilter`. */
export interface WordFilterOptions {
  /** Words and phrases no document may hold, upper and lower case alike. */
  words: readonly string[];
}

/** A word or phrase, and whether it must stand between other characters than letters and digits. */
interface Term {
  term: string;
  isBounded: boolean;
}

/**
 * A step that drops documents that hold a word of a list, as C4 does with a list of obscene words: a
 * word must stand alone, except in scripts without spaces.
 *
 * @example
 * ```ts
 * import { wordFilter } from "@quern/quern";
 * const { apply } = wordFilter({ words: ["darn", "赌博"] });
 * console.log(apply({ id: "0", text: "Darn it!", source: "example", metadata: {} }));
 * // { drop: "blocked word" }
 * ```
 */
export function wordFilter({ words }: WordFilterOptions): Step {
  // Terms by their first two characters, so that one look at most places of a text is enough.
  const terms: (Term[] | undefined)[] = new Array(2 ** 16);
  for (const word of new Set(words.map((word) => word.trim().toLowerCase()))) {
    if (word === "") continue;
    const term = { term: word, isBounded: splitWords(word).unspaced === 0 };
    const first = word.charCodeAt(0);
    const seconds = word.length > 1
      ? [word.charCodeAt(1)]
      : Array.from({ length: 256 }, (_, i) => i);
    for (const second of seconds) (terms[slotOf(first, second)] ??= []).push(term);
  }
  return {
    name: "words",
    apply(document) {
      const text = document.text.toLowerCase();
      let second = text.charCodeAt(0);
      for (let i = 0; i < text.length; i++) {
        const first = second;
        second = text.charCodeAt(i + 1); // NaN behind the end, which the slot takes for 0
        const candidates = terms[slotOf(first, second)];
        if (candidates?.some((term) => stands(term, text, i))) return { drop: "blocked word" };
      }
      return document;
    },
  };
}

function slotOf(first: number, second: number): number {
  return (first & 255) << 8 | second & 255;
}

function stands({ term, isBounded }: Term, text: string, i: number): boolean {
  return text.startsWith(term, i) &&
    (!isBounded || !isPartOfWord(text, i - 1) && !isPartOfWord(text, i + term.length));
}

function isPartOfWord(text: string, i: number): boolean {
  return /[\p{L}\p{M}\p{N}_]/u.test(text.charAt(i));
}
