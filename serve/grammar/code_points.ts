/**
 * A set of Unicode code points: the first and the last of each range in turn, in rising order, no
 * two ranges touching.
 */
export type CodePoints = readonly number[];

/** All code points but surrogates, which UTF-8 cannot write. */
export const ALL: CodePoints = [0, 0xd7ff, 0xe000, 0x10ffff];

/** The set of ranges that may overlap and stand in any order; surrogates are left out. */
export function codePoints(ranges: Iterable<readonly [first: number, last: number]>): CodePoints {
  const merged: number[] = [];
  for (const [first, last] of [...ranges].sort(([a], [b]) => a - b)) {
    const end = merged.length - 1;
    if (end > 0 && first <= merged[end] + 1) merged[end] = Math.max(merged[end], last);
    else merged.push(first, last);
  }
  return intersect(merged, ALL);
}

/** The code points of both sets. */
export function intersect(a: CodePoints, b: CodePoints): CodePoints {
  const both: number[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [first, last] = [Math.max(a[i], b[j]), Math.min(a[i + 1], b[j + 1])];
    if (first <= last) both.push(first, last);
    if (a[i + 1] < b[j + 1]) i += 2;
    else j += 2;
  }
  return both;
}

/** The code points that a set lacks. */
export function complement(set: CodePoints): CodePoints {
  const rest: [number, number][] = [];
  let next = 0;
  for (let i = 0; i < set.length; i += 2) {
    if (next < set[i]) rest.push([next, set[i] - 1]);
    next = set[i + 1] + 1;
  }
  if (next <= 0x10ffff) rest.push([next, 0x10ffff]);
  return codePoints(rest);
}

/** Whether a set holds a code point. */
export function has(set: CodePoints, codePoint: number): boolean {
  for (let i = 0; i < set.length && set[i] <= codePoint; i += 2) {
    if (codePoint <= set[i + 1]) return true;
  }
  return false;
}

/** Bytes from the first to the last. */
export type ByteRange = readonly [first: number, last: number];

/** The last code point that UTF-8 writes with 1, 2, 3 and 4 bytes. */
const LAST_OF_LENGTH = [0x7f, 0x7ff, 0xffff, 0x10ffff];

/** The UTF-8 of a set: each sequence of byte ranges stands for all sequences of bytes within. */
export function* utf8Sequences(set: CodePoints): Generator<ByteRange[]> {
  for (let i = 0; i < set.length; i += 2) {
    let first = set[i];
    for (const [tails, longest] of LAST_OF_LENGTH.entries()) {
      const last = Math.min(set[i + 1], longest);
      if (first > last) continue;
      yield* sequences(first, last, tails);
      first = last + 1;
    }
  }
}

/** Cuts code points of one length where their bytes are no product of ranges. */
function* sequences(first: number, last: number, tails: number): Generator<ByteRange[]> {
  for (let bits = 6; bits <= 6 * tails; bits += 6) {
    const low = 2 ** bits - 1;
    if ((first & ~low) === (last & ~low)) continue;
    const cut = (first & low) !== 0 ? first | low : (last & low) !== low ? (last & ~low) - 1 : -1;
    if (cut < 0) continue;
    yield* sequences(first, cut, tails);
    yield* sequences(cut + 1, last, tails);
    return;
  }
  const [from, to] = [bytesOf(first), bytesOf(last)];
  yield Array.from(from, (byte, i) => [byte, to[i]] as const);
}

function bytesOf(codePoint: number): Uint8Array {
  return new TextEncoder().encode(String.fromCodePoint(codePoint));
}
