import { PairHeap } from "./pair_heap.ts";
import { Pairs } from "./pairs.ts";
import type { Vocabulary } from "./vocabulary.ts";
import type { Words } from "./words.ts";

/** Two tokens that become one. */
export type Merge = [left: string, right: string];

/** Options of `learnMerges`. */
export interface LearnMergesOptions {
  /** Tokens to stop at. */
  vocabularySize: number;
  /** Occurrences that a pair must have to be merged. */
  minFrequency: number;
  /** Sees the number of tokens, some ten times a second. */
  onProgress(tokens: number): void;
  /** Ends the work. */
  signal?: AbortSignal;
}

/** Time between two looks at the world outside, in milliseconds. */
const BREATH_MS = 100;

/**
 * Merges the commonest pair of tokens again and again: byte-pair encoding as Sennrich et al.
 * (2016, arXiv:1508.07909) train it. Of equally common pairs the one with the smaller left id goes
 * first, then the one with the smaller right id.
 *
 * @param words change as the merges are done
 * @param vocabulary gets the new tokens
 * @returns the merges in their order
 */
export async function learnMerges(
  words: Words,
  vocabulary: Vocabulary,
  { vocabularySize, minFrequency, onProgress, signal }: LearnMergesOptions,
): Promise<Merge[]> {
  const tokens = [...vocabulary.ids.keys()];
  const lengths = new Uint32Array(vocabularySize);
  for (const id of vocabulary.tokenOfByte) lengths[id] = 1;
  const pairs = new Pairs(words, lengths);
  let heap = heapOf(pairs);
  const merges: Merge[] = [];
  const atLeast = Math.max(1, minFrequency);
  for (let breathMs = performance.now(); tokens.length < vocabularySize;) {
    const top = heap.pop();
    if (!top || top.count < atLeast) break;
    const { left, right } = top;
    const count = pairs.count(left, right);
    if (count !== top.count) {
      // Other merges took some of its occurrences since it was put here.
      if (count > 0) heap.push(left, right, count);
      continue;
    }
    const token = tokens[left] + tokens[right];
    const merged = vocabulary.add(token);
    lengths[merged] = lengths[left] + lengths[right];
    merges.push([tokens[left], tokens[right]]);
    const fresh: [left: number, right: number][] = [];
    pairs.merge(left, right, merged, (left, right) => fresh.push([left, right]));
    // A token that was there before has pairs in the heap already, and they are commoner now.
    if (merged < tokens.length) heap = heapOf(pairs);
    else {
      tokens.push(token);
      for (const [left, right] of fresh) heap.push(left, right, pairs.count(left, right));
    }
    if (performance.now() - breathMs >= BREATH_MS) {
      onProgress(tokens.length);
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
      breathMs = performance.now();
    }
  }
  onProgress(tokens.length);
  return merges;
}

function heapOf(pairs: Pairs): PairHeap {
  const heap = new PairHeap();
  pairs.each((left, right, count) => heap.push(left, right, count));
  return heap;
}
