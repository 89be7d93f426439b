import { BadExample } from "./reader.ts";
import type { WordSpan } from "./tagging.ts";

/** An entity in a text, in code points. */
export interface Span {
  start: number;
  end: number;
  type: string;
}

/** Runs of letters, marks and digits, but ideographs and other symbols one by one. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{M}\p{N}])+|\S/gu;

/** The words of a text: runs of letters and digits, each ideograph and each other sign alone. */
export function findWords(text: string): WordSpan[] {
  return cutWords(text, []).words;
}

/**
 * Cuts a text into words, also at the borders of its spans, and tags them.
 *
 * @throws {BadExample} where a span is outside the text, empty, blank, or overlaps another
 */
export function cutWords(
  text: string,
  spans: readonly Span[],
): { words: WordSpan[]; tags: string[] } {
  const sorted = spans.toSorted((a, b) => a.start - b.start || a.end - b.end);
  const unitOf = codePointOffsets(text);
  const entities = sorted.map(({ start, end, type }, i) => {
    const fail = (problem: string): never => {
      throw new BadExample(
        "a span that is none",
        `the span ${start} to ${end} (${type}) ${problem}; spans count code points from 0, the end ` +
          "not included",
      );
    };
    if (type.trim() === "") fail("has no type");
    if (start < 0 || end <= start || end >= unitOf.length) {
      fail(`must lie within the text's ${unitOf.length - 1} characters and hold at least one`);
    }
    if (i > 0 && start < sorted[i - 1].end) {
      fail(`overlaps the one from ${sorted[i - 1].start} to ${sorted[i - 1].end}`);
    }
    const entity = { start: unitOf[start], end: unitOf[end], type };
    if (text.slice(entity.start, entity.end).trim() === "") fail("holds white space alone");
    return entity;
  });
  const words: WordSpan[] = [];
  const tags: string[] = [];
  let at = 0;
  const add = (end: number, type?: string) => {
    let begun = false;
    for (const { 0: word, index } of text.slice(at, end).matchAll(WORD)) {
      words.push({ start: at + index, end: at + index + word.length });
      tags.push(type === undefined ? "O" : `${begun ? "I" : "B"}-${type}`);
      begun = true;
    }
    at = end;
  };
  for (const { start, end, type } of entities) {
    add(start);
    add(end, type);
  }
  add(text.length);
  return { words, tags };
}

/** Offset in UTF-16 code units of each code point, and of the end. */
function codePointOffsets(text: string): number[] {
  const offsets: number[] = [];
  let at = 0;
  for (const character of text) {
    offsets.push(at);
    at += character.length;
  }
  offsets.push(at);
  return offsets;
}
