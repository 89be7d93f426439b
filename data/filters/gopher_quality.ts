import type { Step } from "../stage.ts";
import { LETTERS, type Words } from "../words.ts";
import { countPiece, countWords, limitsOf, wordsOf } from "./analysis.ts";

/** Options of `gopherQuality`; the defaults are the published ones. */
export interface GopherQualityOptions {
  /** Fewest words, symbols not counted. @default 50 */
  minWords?: number;
  /** Most words, symbols not counted. @default 100000 */
  maxWords?: number;
  /** Smallest mean length of a word, in characters. @default 3 */
  minMeanWordLength?: number;
  /** Largest mean length of a word, in characters. @default 10 */
  maxMeanWordLength?: number;
  /** Most `#` and most ellipses for each word, symbols counted. @default 0.1 */
  maxSymbolsPerWord?: number;
  /** Largest share of the lines that begin with `•` or `-`. @default 0.9 */
  maxBulletLines?: number;
  /** Largest share of the lines that end with an ellipsis. @default 0.3 */
  maxEllipsisLines?: number;
  /** Smallest share of the words, symbols counted, that hold a letter. @default 0.8 */
  minWordsWithLetters?: number;
  /** Fewest different words of `stopWords` in a document. @default 2 */
  minStopWords?: number;
  /**
   * Frequent words of the language, as they are written.
   * @default ["the", "be", "to", "of", "and", "that", "have", "with"]
   */
  stopWords?: readonly string[];
}

const DEFAULTS: Required<GopherQualityOptions> = {
  minWords: 50,
  maxWords: 100_000,
  minMeanWordLength: 3,
  maxMeanWordLength: 10,
  maxSymbolsPerWord: 0.1,
  maxBulletLines: 0.9,
  maxEllipsisLines: 0.3,
  minWordsWithLetters: 0.8,
  minStopWords: 2,
  stopWords: ["the", "be", "to", "of", "and", "that", "have", "with"],
};

/**
 * A step that drops documents that do not look like prose (Gopher, arXiv 2112.11446, section A1.1),
 * by the rules and in the order of FineWeb's pipeline.
 *
 * Two of the rules are about English, so they are not applied where most words are of a script
 * without spaces: the smallest mean length of a word and, unless `stopWords` are given, the stop
 * words. For another language with spaces give its own stop words.
 *
 * @throws {TypeError} for a limit that there is not, or of another type
 * @throws {RangeError} where a limit is negative
 * @example
 * ```ts
 * import { gopherQuality } from "@quern/quern";
 * const { apply } = gopherQuality({ minWords: 5 });
 * console.log(apply({ id: "0", text: "Three words only.", source: "example", metadata: {} }));
 * // { drop: "too few words" }
 * ```
 */
export function gopherQuality(options: GopherQualityOptions = {}): Step {
  const limits = limitsOf("Gopher quality", options, DEFAULTS);
  const { minWords, maxWords, minMeanWordLength, maxMeanWordLength, maxSymbolsPerWord } = limits;
  const { maxBulletLines, maxEllipsisLines, minWordsWithLetters, minStopWords } = limits;
  const stopWords = new Set(limits.stopWords);

  function reason(text: string, words: Words): string | undefined {
    const count = countWords(words);
    if (count < minWords) return "too few words";
    if (count > maxWords) return "too many words";
    const isUnspaced = words.unspaced * 2 > count;
    const meanLength = lengthOfWords(words) / count;
    if (meanLength < minMeanWordLength && !isUnspaced) return "words too short";
    if (meanLength > maxMeanWordLength) return "words too long";
    const most = maxSymbolsPerWord * words.count;
    if (countPiece(text, "#") > most) return "too many #";
    const ellipses = countPiece(text, "...") + countPiece(text, "…");
    if (ellipses > most) return "too many ellipses";
    const lines = text.split("\n");
    if (text.endsWith("\n")) lines.pop();
    if (share(lines, isBullet) > maxBulletLines) return "too many bullet lines";
    if (ellipses > 0 && share(lines, endsWithEllipsis) > maxEllipsisLines) {
      return "too many lines end with an ellipsis";
    }
    if (countKind(words, LETTERS) / words.count < minWordsWithLetters) {
      return "too few words with letters";
    }
    if (isUnspaced && options.stopWords === undefined) return;
    if (!hasStopWords(text, words)) return "too few stop words";
  }

  function hasStopWords(text: string, { starts, ends, count }: Words): boolean {
    const found = new Set<string>();
    for (let i = 0; i < count && found.size < minStopWords; i++) {
      const word = text.slice(starts[i], ends[i]);
      if (stopWords.has(word)) found.add(word);
    }
    return found.size >= minStopWords;
  }

  return {
    name: "gopher quality",
    apply(document) {
      const drop = reason(document.text, wordsOf(document));
      return drop === undefined ? document : { drop };
    },
  };
}

/** Length of all words that are not symbols alone. */
function lengthOfWords({ starts, ends, kinds, count }: Words): number {
  let length = 0;
  for (let i = 0; i < count; i++) if (kinds[i] > 0) length += ends[i] - starts[i];
  return length;
}

function countKind({ kinds, count }: Words, kind: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) if (kinds[i] === kind) sum++;
  return sum;
}

function share(lines: string[], test: (line: string) => boolean): number {
  let count = 0;
  for (const line of lines) if (test(line)) count++;
  return count / lines.length;
}

function isBullet(line: string): boolean {
  const first = line.trimStart()[0];
  return first === "•" || first === "-";
}

function endsWithEllipsis(line: string): boolean {
  const end = line.trimEnd();
  return end.endsWith("...") || end.endsWith("…");
}
