import type { Document } from "../document.ts";
import type { Step } from "../stage.ts";
import { NgramIndex, type NgramMatch } from "./ngram_index.ts";

/** What to do with a document that holds evaluation text. */
export type DecontaminationMode = "drop" | "cut" | "report";

/** What a model will be judged by. */
export interface EvaluationSet {
  /** Names the set; no two have one name. */
  name: string;
  /** The texts of its items. */
  texts: readonly string[];
}

/** Options of `decontaminator`. */
export interface DecontaminationOptions {
  /** What to look for. */
  sets: readonly EvaluationSet[];
  /** Words in an n-gram, 8 to 13; items of fewer words cannot be found. @default 13 */
  n?: number;
  /** Drop the document, cut out what is found, or leave it and only count. @default "drop" */
  mode?: DecontaminationMode;
  /** Characters cut on each side of a find. @default 200 */
  marginChars?: number;
  /** Pieces shorter than this are not kept after cutting, in characters. @default 200 */
  minPieceChars?: number;
  /** A document that falls into more pieces is dropped. @default 10 */
  maxPieces?: number;
}

/** What was found of one evaluation set. */
export interface EvaluationHits {
  /** Documents with at least one n-gram of the set. */
  documents: number;
  /** Places in documents where an n-gram of the set begins. */
  ngrams: number;
  /** Documents that hold an n-gram of an item, by the item's index; 0 is left out. */
  found: Record<number, number>;
}

/** How much of an evaluation set can be found. */
export interface EvaluationSize {
  /** Name of the set. */
  name: string;
  /** Number of items. */
  items: number;
  /** Number of items of fewer than n words. */
  tooShort: number;
}

/** A step that looks for evaluation texts and counts what it finds. */
export interface Decontaminator extends Step {
  /** The sets, in order. */
  readonly sets: readonly EvaluationSize[];
  /** What was found since the last call, by the name of the set. */
  takeHits(): Record<string, EvaluationHits>;
}

/**
 * Finds n-grams of evaluation texts in documents. Words are those of `splitWords` in lower case
 * without symbols; one n-gram in common is a find. Cutting is that of GPT-3 (Brown et al.,
 * "Language Models are Few-Shot Learners", 2020, appendix C): 200 characters on each side go too,
 * and what falls into more than 10 pieces is dropped.
 *
 * @throws {RangeError} where n is not 8 to 13, or two sets have one name
 * @example
 * ```ts
 * import { decontaminator } from "@quern/quern";
 * const question = "Which of these eight words will be found in a document?";
 * const step = decontaminator({ sets: [{ name: "quiz", texts: [question] }], n: 8 });
 * const document = { id: "1", text: `Leaked: ${question}`, source: "example", metadata: {} };
 * console.log(step.apply(document)); // { drop: "contains quiz" }
 * console.log(step.takeHits().quiz.documents); // 1
 * ```
 */
export function decontaminator(options: DecontaminationOptions): Decontaminator {
  const { sets, n = 13, mode = "drop", marginChars = 200, minPieceChars = 200, maxPieces = 10 } =
    options;
  if (!Number.isInteger(n) || n < 8 || n > 13) {
    throw new RangeError(`Cannot look for n-grams: wanted 8 to 13 words as n, got ${n}`);
  }
  const names = sets.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new RangeError(
      `Cannot look for n-grams: wanted sets of different names, got ${twice} twice`,
    );
  }
  // All items of all sets have one number each; the first of a set tells where it begins.
  const index = new NgramIndex(sets.flatMap(({ texts }) => texts), n);
  const firsts: number[] = [];
  let next = 0;
  for (const { texts } of sets) {
    firsts.push(next);
    next += texts.length;
  }
  const setOf = (item: number) => firsts.findLastIndex((first) => first <= item);
  let hits = sets.map(noHits);

  return {
    name: "decontamination",
    sets: sets.map(({ name, texts }, i) => ({
      name,
      items: texts.length,
      tooShort: index.lengths.slice(firsts[i], firsts[i] + texts.length)
        .filter((length) => length < n).length,
    })),
    apply(document) {
      const finds = index.find(document.text);
      if (finds.length === 0) return document;
      const items = new Set<number>();
      for (const { texts } of finds) {
        for (const item of texts) items.add(item);
        for (const set of new Set(texts.map(setOf))) hits[set].ngrams++;
      }
      for (const item of items) {
        const set = setOf(item);
        hits[set].found[item - firsts[set]] = (hits[set].found[item - firsts[set]] ?? 0) + 1;
      }
      for (const set of new Set([...items].map(setOf))) hits[set].documents++;
      if (mode === "report") return document;
      const drop = { drop: `contains ${names[setOf(Math.min(...items))]}` };
      if (mode === "drop") return drop;
      const pieces = cut(document.text, finds, marginChars);
      const kept = pieces.filter((piece) => piece.length >= minPieceChars);
      if (kept.length === 0 || pieces.length > maxPieces) return drop;
      return { ...document, text: kept.join("\n\n") } satisfies Document;
    },
    takeHits() {
      const taken = hits;
      hits = sets.map(noHits);
      return Object.fromEntries(names.map((name, i) => [name, taken[i]]));
    },
  };
}

function noHits(): EvaluationHits {
  return { documents: 0, ngrams: 0, found: {} };
}

/** So far from where it is to be cut, a text is cut at white space. */
const LONGEST_WORD = 64;

/** The text around the finds. */
function cut(text: string, finds: readonly NgramMatch[], margin: number): string[] {
  const pieces: string[] = [];
  let from = 0;
  for (const { start, end } of finds) {
    if (start - margin > from) pieces.push(text.slice(from, spaceBefore(text, start - margin)));
    from = Math.max(from, spaceBehind(text, end + margin));
  }
  pieces.push(text.slice(from));
  return pieces.map((piece) => piece.trim()).filter((piece) => piece !== "");
}

function spaceBefore(text: string, place: number): number {
  for (let i = place; i > 0 && i > place - LONGEST_WORD; i--) if (isSpace(text[i - 1])) return i;
  return place;
}

function spaceBehind(text: string, place: number): number {
  for (let i = place; i < text.length && i < place + LONGEST_WORD; i++) {
    if (isSpace(text[i])) return i;
  }
  return Math.min(place, text.length);
}

function isSpace(character: string): boolean {
  return /\s/.test(character);
}
