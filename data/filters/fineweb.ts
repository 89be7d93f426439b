import type { Step } from "../stage.ts";
import { countSpacedWords } from "../words.ts";
import { countPiece, findRepeated, limitsOf, wordsOf } from "./analysis.ts";
import { endsWithTerminal } from "./sentences.ts";

/** Options of `fineWebQuality`; the defaults are those of the program that made FineWeb. */
export interface FineWebQualityOptions {
  /** Smallest share of the lines that end with terminal punctuation of any script. @default 0.12 */
  minTerminalLines?: number;
  /** Largest share of the lines that are short. @default 0.67 */
  maxShortLines?: number;
  /** Longest short line, in UTF-16 units. @default 30 */
  shortLineLength?: number;
  /**
   * Largest share of the characters that stand in lines that have come before. The paper speaks of
   * 0.1; the program has 0.01. @default 0.01
   */
  maxRepeatedLineCharacters?: number;
  /** Most line breaks for each word, symbols counted: lists have more. @default 0.3 */
  maxLineBreaksPerWord?: number;
}

const DEFAULTS: Required<FineWebQualityOptions> = {
  minTerminalLines: 0.12,
  maxShortLines: 0.67,
  shortLineLength: 30,
  maxRepeatedLineCharacters: 0.01,
  maxLineBreaksPerWord: 0.3,
};

/**
 * A step that drops documents that look like lists or menus (FineWeb, arXiv 2406.17557, section
 * 3.6). Blank lines do not count as lines.
 *
 * @throws {TypeError} for a limit that there is not, or of another type
 * @throws {RangeError} where a limit is negative
 * @example
 * ```ts
 * import { fineWebQuality } from "@quern/quern";
 * const { apply } = fineWebQuality();
 * const text = "Home\nNews\nSports\nContact us";
 * console.log(apply({ id: "0", text, source: "example", metadata: {} }));
 * // { drop: "too few lines end with punctuation" }
 * ```
 */
export function fineWebQuality(options: FineWebQualityOptions = {}): Step {
  const limits = limitsOf("FineWeb quality", options, DEFAULTS);
  const { minTerminalLines, maxShortLines, shortLineLength } = limits;
  const { maxRepeatedLineCharacters, maxLineBreaksPerWord } = limits;
  return {
    name: "fineweb quality",
    apply(document) {
      const { text } = document;
      const lines = text.split("\n").filter((line) => /\S/.test(line));
      if (lines.length === 0) return { drop: "empty" };
      let [terminal, short] = [0, 0];
      for (const line of lines) {
        if (endsWithTerminal(line)) terminal++;
        if (line.length <= shortLineLength) short++;
      }
      if (terminal / lines.length < minTerminalLines) {
        return { drop: "too few lines end with punctuation" };
      }
      if (short / lines.length > maxShortLines) return { drop: "too many short lines" };
      const breaks = countPiece(text, "\n");
      const { repeatedLength } = findRepeated(lines);
      if (repeatedLength / (text.length - breaks) > maxRepeatedLineCharacters) {
        return { drop: "characters in repeated lines" };
      }
      // A piece between spaces is a word at least, so most texts need no splitting.
      const enough = breaks / maxLineBreaksPerWord;
      const isProse = breaks === 0 || countSpacedWords(text, enough + 1) > enough;
      return isProse || breaks / wordsOf(document).count <= maxLineBreaksPerWord
        ? document
        : { drop: "too many line breaks" };
    },
  };
}
