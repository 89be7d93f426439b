import type { Step } from "../stage.ts";
import { checkThresholds, countWords, wordsOf } from "./analysis.ts";

/** Options of `lengthFilter`. */
export interface LengthFilterOptions {
  /** Fewest characters, in UTF-16 units. @default 0 */
  minCharacters?: number;
  /** Most characters, in UTF-16 units. @default any number */
  maxCharacters?: number;
  /** Fewest words, symbols not counted. @default 0 */
  minWords?: number;
  /** Most words, symbols not counted. @default any number */
  maxWords?: number;
}

/**
 * A step that drops short and long documents.
 *
 * @throws {RangeError} where a limit is negative
 */
export function lengthFilter(options: LengthFilterOptions): Step {
  checkThresholds("length", options);
  const { minCharacters = 0, maxCharacters = Infinity } = options;
  const { minWords = 0, maxWords = Infinity } = options;
  return {
    name: "length",
    apply(document) {
      const { length } = document.text;
      if (length < minCharacters) return { drop: "too few characters" };
      if (length > maxCharacters) return { drop: "too many characters" };
      if (minWords > 0 || maxWords < Infinity) {
        const count = countWords(wordsOf(document));
        if (count < minWords) return { drop: "too few words" };
        if (count > maxWords) return { drop: "too many words" };
      }
      return document;
    },
  };
}
