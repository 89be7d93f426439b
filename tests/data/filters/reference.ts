/**
 * The published rules written down plainly, on lists of strings: what the filters must agree with.
 */
import { splitWords } from "../../../data/words.ts";

/** The words of a text as strings. */
export function wordsAsStrings(text: string): string[] {
  const { starts, ends, count } = splitWords(text);
  return Array.from({ length: count }, (_, i) => text.slice(starts[i], ends[i]));
}

function repeatedPieces(pieces: string[]): { count: number; characters: number } {
  const again = pieces.filter((piece, i) => pieces.indexOf(piece) < i);
  return { count: again.length, characters: again.join("").length };
}

/** Characters of the most frequent n-gram. */
export function topNgramLength(words: string[], n: number): number {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= words.length; i++) {
    const ngram = words.slice(i, i + n).join(" ");
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  let top: [string, number] = ["", 0];
  for (const entry of counts) if (entry[1] > top[1]) top = entry;
  return top[0].length * top[1];
}

/** Characters of the n-grams that have come before. */
export function repeatedNgramLength(words: string[], n: number): number {
  const seen = new Set<string>();
  let length = 0;
  for (let i = 0; i + n <= words.length;) {
    const ngram = words.slice(i, i + n);
    const key = ngram.join("\0");
    if (seen.has(key)) {
      length += ngram.join("").length;
      i += n;
    } else {
      seen.add(key);
      i++;
    }
  }
  return length;
}

/** Why Gopher's rules of repetition drop a text; undefined where they keep it. */
export function repetitionReason(text: string): string | undefined {
  const paragraphs = text.trim().split(/\n{2,}/);
  const lines = text.split(/\n+/);
  const words = wordsAsStrings(text);
  const again = repeatedPieces(paragraphs);
  if (again.count / paragraphs.length > 0.3) return "repeated paragraphs";
  if (again.characters / text.length > 0.2) return "characters in repeated paragraphs";
  const lineAgain = repeatedPieces(lines);
  if (lineAgain.count / lines.length > 0.3) return "repeated lines";
  if (lineAgain.characters / text.length > 0.2) return "characters in repeated lines";
  for (const [n, limit] of [[2, 0.2], [3, 0.18], [4, 0.16]]) {
    if (topNgramLength(words, n) / text.length > limit) return `top ${n}-gram`;
  }
  for (const [n, limit] of [[5, 0.15], [6, 0.14], [7, 0.13], [8, 0.12], [9, 0.11], [10, 0.1]]) {
    if (repeatedNgramLength(words, n) / text.length > limit) return `repeated ${n}-grams`;
  }
}
