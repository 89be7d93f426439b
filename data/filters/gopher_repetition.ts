import type { Step } from "../stage.ts";
import type { Words } from "../words.ts";
import { findRepeated, limitsOf, wordsOf } from "./analysis.ts";
import { NgramCounter, type NgramCounts } from "./ngrams.ts";

/** Options of `gopherRepetition`; the defaults are the published ones. A limit of 1 is none. */
export interface GopherRepetitionOptions {
  /** Largest share of the paragraphs that have come before. @default 0.3 */
  maxRepeatedParagraphs?: number;
  /** Largest share of the characters that stand in such paragraphs. @default 0.2 */
  maxRepeatedParagraphCharacters?: number;
  /** Largest share of the lines that have come before. @default 0.3 */
  maxRepeatedLines?: number;
  /** Largest share of the characters that stand in such lines. @default 0.2 */
  maxRepeatedLineCharacters?: number;
  /**
   * Largest share of the characters that stand in the most frequent n-gram, for numbers of words n
   * from 2. @default [[2, 0.2], [3, 0.18], [4, 0.16]]
   */
  topNgrams?: readonly (readonly [words: number, share: number])[];
  /**
   * Largest share of the characters, spaces not counted, that stand in n-grams that have come
   * before, for numbers of words n from 2.
   * @default [[5, 0.15], [6, 0.14], [7, 0.13], [8, 0.12], [9, 0.11], [10, 0.1]]
   */
  repeatedNgrams?: readonly (readonly [words: number, share: number])[];
}

const DEFAULTS: Required<GopherRepetitionOptions> = {
  maxRepeatedParagraphs: 0.3,
  maxRepeatedParagraphCharacters: 0.2,
  maxRepeatedLines: 0.3,
  maxRepeatedLineCharacters: 0.2,
  topNgrams: [[2, 0.2], [3, 0.18], [4, 0.16]],
  repeatedNgrams: [[5, 0.15], [6, 0.14], [7, 0.13], [8, 0.12], [9, 0.11], [10, 0.1]],
};

/**
 * A step that drops documents that repeat themselves (Gopher, arXiv 2112.11446, table A1): by
 * paragraphs, between which stand empty lines, by lines, by the most frequent 2- to 4-grams of words
 * and by repeated 5- to 10-grams. Checked in this order, as FineWeb's pipeline does.
 *
 * @throws {TypeError} for a limit that there is not, or of another type
 * @throws {RangeError} where a limit is negative or an n-gram has fewer than 2 words
 * @example
 * ```ts
 * import { gopherRepetition } from "@quern/quern";
 * const { apply } = gopherRepetition({ maxRepeatedLines: 0.5 });
 * const text = "one line\nanother\none line\none line";
 * console.log(apply({ id: "0", text, source: "example", metadata: {} })); // { drop: … }
 * ```
 */
export function gopherRepetition(options: GopherRepetitionOptions = {}): Step {
  const limits = limitsOf("Gopher repetition", options, DEFAULTS);
  const { maxRepeatedParagraphs, maxRepeatedParagraphCharacters } = limits;
  const { maxRepeatedLines, maxRepeatedLineCharacters, topNgrams, repeatedNgrams } = limits;
  checkNgrams([...topNgrams, ...repeatedNgrams]);
  const topLimits = new Map(topNgrams);
  const repeatedLimits = new Map(repeatedNgrams);
  const most = Math.max(1, ...topLimits.keys(), ...repeatedLimits.keys());
  const counter = new NgramCounter();

  function linesReason(text: string): string | undefined {
    if (!text.includes("\n")) return;
    // Two line breaks in a row are rarely there: most texts are one paragraph of many lines.
    const hasParagraphs = text.includes("\n\n");
    if (hasParagraphs) {
      const { pieces, repeated, repeatedLength } = findRepeated(text.trim().split(/\n{2,}/));
      if (repeated / pieces > maxRepeatedParagraphs) return "repeated paragraphs";
      if (repeatedLength / text.length > maxRepeatedParagraphCharacters) {
        return "characters in repeated paragraphs";
      }
    }
    const { pieces, repeated, repeatedLength } = findRepeated(
      text.split(hasParagraphs ? /\n+/ : "\n"),
    );
    if (repeated / pieces > maxRepeatedLines) return "repeated lines";
    if (repeatedLength / text.length > maxRepeatedLineCharacters) {
      return "characters in repeated lines";
    }
  }

  function ngramsReason(text: string, words: Words): string | undefined {
    let lengths: Int32Array | undefined;
    for (const counts of counter.count(text, words, most)) {
      const { n, topStart, topCount, repeated } = counts;
      const topLimit = topLimits.get(n);
      if (topLimit !== undefined) {
        const length = lengthOf(words, topStart, n) + n - 1; // with the spaces between them
        if (length * topCount / text.length > topLimit) return `top ${n}-gram`;
      }
      const repeatedLimit = repeatedLimits.get(n);
      if (repeatedLimit !== undefined && repeated.length > 0) {
        lengths ??= new Int32Array(words.count);
        if (repeatedLength(words, counts, lengths) / text.length > repeatedLimit) {
          return `repeated ${n}-grams`;
        }
      }
    }
  }

  return {
    name: "gopher repetition",
    apply(document) {
      const { text } = document;
      const reason = linesReason(text) ?? ngramsReason(text, wordsOf(document));
      return reason === undefined ? document : { drop: reason };
    },
  };
}

function lengthOf({ starts, ends }: Words, start: number, n: number): number {
  let length = 0;
  for (let i = start; i < start + n; i++) length += ends[i] - starts[i];
  return length;
}

/** Length of the n-grams that have come before, counted from the left without overlaps. */
function repeatedLength(words: Words, { n, repeated, ids }: NgramCounts, seen: Int32Array): number {
  let length = 0;
  let next = 0;
  for (const start of repeated) {
    if (start < next) continue;
    // One array serves all lengths: what it holds for an id says for which n it was seen.
    if (seen[ids[start] - 1] === n) {
      length += lengthOf(words, start, n);
      next = start + n;
    } else seen[ids[start] - 1] = n;
  }
  return length;
}

function checkNgrams(limits: readonly (readonly [number, number])[]): void {
  for (const [n, share] of limits) {
    if (Number.isInteger(n) && n >= 2 && share >= 0) continue;
    throw new RangeError(
      `Cannot filter by repetition: wanted n-grams as [words from 2, share from 0], got [${n}, ${share}]`,
    );
  }
}
