import type { Document } from "../document.ts";
import { splitWords, type Words } from "../words.ts";

/** A step that leaves a document as it is hands on the same object, so its words live with it. */
const wordsOfDocuments = new WeakMap<Document, Words>();

/** The words of a document, split once however many steps look at them. */
export function wordsOf(document: Document): Words {
  let words = wordsOfDocuments.get(document);
  if (!words) {
    words = splitWords(document.text);
    wordsOfDocuments.set(document, words);
  }
  return words;
}

/** A document with another text; the same one where the text is the same. */
export function withText(document: Document, text: string): Document {
  return text === document.text ? document : { ...document, text };
}

/** Number of words that are not symbols alone. */
export function countWords({ kinds }: Words): number {
  let count = 0;
  for (let i = 0; i < kinds.length; i++) count += kinds[i] > 0 ? 1 : 0;
  return count;
}

/** How often a text holds a piece, overlaps not counted. */
export function countPiece(text: string, piece: string): number {
  let count = 0;
  for (let i = text.indexOf(piece); i >= 0; i = text.indexOf(piece, i + piece.length)) count++;
  return count;
}

/** The pieces that have come before among the pieces of a text. */
export interface RepeatedPieces {
  /** Number of all pieces. */
  pieces: number;
  /** Number of those that have come before. */
  repeated: number;
  /** Their length, in UTF-16 units. */
  repeatedLength: number;
}

/** Finds pieces that have come before. */
export function findRepeated(pieces: readonly string[]): RepeatedPieces {
  let repeated = 0;
  let repeatedLength = 0;
  if (mayRepeat(pieces)) {
    const seen = new Set<string>();
    for (const piece of pieces) {
      if (seen.size < seen.add(piece).size) continue;
      repeated++;
      repeatedLength += piece.length;
    }
  }
  return { pieces: pieces.length, repeated, repeatedLength };
}

/** Whether two pieces have one length and the same ends; most texts need no closer look. */
function mayRepeat(pieces: readonly string[]): boolean {
  const seen = new Set<number>();
  for (const piece of pieces) {
    const { length } = piece;
    const ends = length === 0 ? 0 : piece.charCodeAt(0) * 2 ** 16 + piece.charCodeAt(length - 1);
    if (seen.size === seen.add(length * 2 ** 32 + ends).size) return true;
  }
  return false;
}

/**
 * The limits that are given, and the defaults of the others.
 *
 * @param step what they are for, in errors
 * @throws {TypeError} for a limit that does not exist, or of another type than its default
 * @throws {RangeError} where a number is below 0
 */
export function limitsOf<Limits extends object>(
  step: string,
  given: Partial<Limits>,
  defaults: Limits,
): Limits {
  const limits = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const usual = defaults[name as keyof Limits];
    if (!Object.hasOwn(defaults, name)) {
      throw new TypeError(
        `Cannot filter by ${step}: there is no limit ${name}; there are ` +
          `${Object.keys(defaults).join(", ")}`,
      );
    }
    if (typeof value !== typeof usual || Array.isArray(value) !== Array.isArray(usual)) {
      const type = Array.isArray(usual) ? "a list" : `a ${typeof usual}`;
      throw new TypeError(
        `Cannot filter by ${step}: "${name}" must be ${type}, got ${JSON.stringify(value)}`,
      );
    }
    if (typeof value === "number" && !(value >= 0)) {
      throw new RangeError(
        `Cannot filter by ${step}: wanted "${name}" of at least 0, got ${value}; to turn the ` +
          `rule off give a limit that nothing passes`,
      );
    }
    limits[name as keyof Limits] = value as Limits[keyof Limits];
  }
  return limits;
}
