import type { Step } from "../stage.ts";
import { countSpacedWords, splitWords } from "../words.ts";
import { limitsOf, withText } from "./analysis.ts";
import { countSentences, endsWithForeignTerminal } from "./sentences.ts";

/** Options of `c4Quality`; the defaults are the published ones. */
export interface C4QualityOptions {
  /**
   * Whether lines go that do not end with `.`, `?`, `!`, `"` or `'`, or end with `...`; the
   * punctuation of other scripts counts too. FineWeb does without this rule. @default true
   */
  needsTerminalPunctuation?: boolean;
  /** Fewest sentences of what is left. @default 5 */
  minSentences?: number;
  /** Fewest words of a line. @default 3 */
  minWordsPerLine?: number;
  /** Most characters of a word in a line. @default 1000 */
  maxWordLength?: number;
  /** Whether Wikipedia's `[1]`, `[edit]` and `[citation needed]` are taken out. @default true */
  removesCitations?: boolean;
  /** Whether documents go that hold "lorem ipsum". @default true */
  dropsLoremIpsum?: boolean;
  /** Whether documents go that hold `{`, as code does. @default true */
  dropsCurlyBrackets?: boolean;
  /** Whether lines go that name JavaScript. @default true */
  removesJavaScript?: boolean;
  /** Whether lines go that name terms of use, cookies or a privacy policy. @default true */
  removesPolicies?: boolean;
}

const QUALITY_DEFAULTS: Required<C4QualityOptions> = {
  needsTerminalPunctuation: true,
  minSentences: 5,
  minWordsPerLine: 3,
  maxWordLength: 1000,
  removesCitations: true,
  dropsLoremIpsum: true,
  dropsCurlyBrackets: true,
  removesJavaScript: true,
  removesPolicies: true,
};

const CITATION = /\[(?:\d*|edit|citation needed)\]/g;
const LOREM_IPSUM = "lorem ipsum";
const JAVASCRIPT = "javascript";
const POLICIES = [
  "terms of use",
  "privacy policy",
  "cookie policy",
  "uses cookies",
  "use of cookies",
  "use cookies",
];

/**
 * A step that keeps the lines of a document that read like sentences and drops documents of which
 * too little is left (C4, jmlr.org/papers/v21/20-074, section 2.2, with the additions of TensorFlow
 * Datasets' program). Words are what stands between spaces; in scripts without spaces, words.
 *
 * @throws {TypeError} for a limit that there is not, or of another type
 * @throws {RangeError} where a limit is negative
 * @example
 * ```ts
 * import { c4Quality } from "@quern/quern";
 * const { apply } = c4Quality({ minSentences: 1 });
 * const text = "Menu | Home\nA mill grinds corn [1].\nWe use cookies for your joy.";
 * console.log(apply({ id: "0", text, source: "example", metadata: {} })); // "A mill grinds corn ."
 * ```
 */
export function c4Quality(options: C4QualityOptions = {}): Step {
  const limits = limitsOf("C4 quality", options, QUALITY_DEFAULTS);
  const { minSentences, minWordsPerLine, maxWordLength, needsTerminalPunctuation } = limits;
  const { removesCitations, dropsLoremIpsum, dropsCurlyBrackets } = limits;
  const { removesJavaScript, removesPolicies } = limits;

  return {
    name: "c4 quality",
    apply(document) {
      const { text } = document;
      // What is not in the text needs no looking for in its lines. A citation may stand in a phrase.
      const plain = (removesCitations ? text.replace(CITATION, "") : text).toLowerCase();
      const hasLoremIpsum = dropsLoremIpsum && plain.includes(LOREM_IPSUM);
      const hasJavaScript = removesJavaScript && plain.includes(JAVASCRIPT);
      const policies = POLICIES.filter((phrase) => removesPolicies && plain.includes(phrase));
      const hasCitations = plain.length !== text.length;
      const kept: string[] = [];
      let sentences = 0;
      for (const raw of text.split("\n")) {
        let line = raw.trim();
        if (hasLongWord(line, maxWordLength)) continue;
        const hasWords = countSpacedWords(line, minWordsPerLine) >= minWordsPerLine;
        if (hasCitations && removesCitations) line = line.replace(CITATION, "");
        if (needsTerminalPunctuation && !endsLikeSentence(line)) continue;
        if (!hasWords) continue;
        const holds = (phrase: string) => line.toLowerCase().includes(phrase);
        if (hasLoremIpsum && holds(LOREM_IPSUM)) return { drop: LOREM_IPSUM };
        if (hasJavaScript && holds(JAVASCRIPT)) continue;
        if (dropsCurlyBrackets && line.includes("{")) return { drop: "curly bracket" };
        if (policies.some(holds)) continue;
        if (sentences < minSentences) sentences += countSentences(line, minSentences - sentences);
        kept.push(line);
      }
      if (sentences < minSentences) return { drop: "too few sentences" };
      return withText(document, kept.join("\n").trim());
    },
  };
}

/** Options of `c4Paragraphs`; the defaults are the published ones. */
export interface C4ParagraphsOptions {
  /** Fewest long lines. @default 3 */
  minParagraphs?: number;
  /** Shortest long line, in UTF-16 units. @default 200 */
  minParagraphLength?: number;
}

const PARAGRAPH_DEFAULTS: Required<C4ParagraphsOptions> = {
  minParagraphs: 3,
  minParagraphLength: 200,
};

/**
 * A step that drops documents with fewer than three long lines, as for the multilingual mC4
 * (arXiv 2010.11934).
 *
 * @throws {TypeError} for a limit that there is not, or of another type
 * @throws {RangeError} where a limit is negative
 */
export function c4Paragraphs(options: C4ParagraphsOptions = {}): Step {
  const { minParagraphs, minParagraphLength } = limitsOf(
    "C4 paragraphs",
    options,
    PARAGRAPH_DEFAULTS,
  );
  return {
    name: "c4 paragraphs",
    apply(document) {
      let long = 0;
      for (const line of document.text.split("\n")) {
        if (line.length >= minParagraphLength) long++;
        if (long >= minParagraphs) return document;
      }
      return minParagraphs > 0 ? { drop: "too few paragraphs" } : document;
    },
  };
}

function hasLongWord(line: string, maxWordLength: number): boolean {
  if (!hasLongRun(line, maxWordLength)) return false;
  const { starts, ends, unspaced } = splitWords(line);
  return unspaced === 0 || starts.some((start, i) => ends[i] - start > maxWordLength);
}

/** Whether more than so many characters stand in a row without white space. */
function hasLongRun(line: string, most: number): boolean {
  for (let start = 0; line.length - start > most;) {
    // Looked for from the far end, the next white space is a word away.
    let i = start + most;
    while (i >= start && !/\s/.test(line[i])) i--;
    if (i < start) return true;
    start = i + 1;
  }
  return false;
}

function endsLikeSentence(line: string): boolean {
  if (/[.?!"']$/.test(line)) return !line.endsWith("...");
  return endsWithForeignTerminal(line);
}
