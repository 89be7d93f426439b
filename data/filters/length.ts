import type { Step } from "../stage.ts";
import { countWords, limitsOf, wordsOf } from "./analysis.ts";

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

const DEFAULTS: Required<LengthFilterOptions> = {
  minCharacters: 0,
  maxCharacters: Infinity,
  minWords: 0,
  maxWords: Infinity,
};

/**
 * A step that drops short and long documents.
 *
 * @throws {TypeError} for a limit that there is not, or of another type
 * @throws {RangeError} where a limit is negative
 */
export function lengthFilter(options: LengthFilterOptions): Step {
  const { minCharacters, maxCharacters, minWords, maxWords } = limitsOf(
    "length",
    options,
    DEFAULTS,
  );
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

/** The step of those limits that are given; undefined where none is. */
export function lengthLimits(options: LengthFilterOptions): Step | undefined {
  const names = Object.keys(DEFAULTS) as (keyof LengthFilterOptions)[];
  const given = names.filter((name) => options[name] !== undefined);
  return given.length === 0
    ? undefined
    : lengthFilter(Object.fromEntries(given.map((name) => [name, options[name]])));
}
