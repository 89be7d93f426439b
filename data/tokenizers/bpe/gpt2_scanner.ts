import { LETTER, NEWLINE, NUMBER, OTHER, SPACE } from "./character_classes.ts";
import { previous, type Utf8Classes } from "./utf8_classes.ts";

/**
 * Finds the pre-tokens of UTF-8: writes the end of each into `ends` and returns their number.
 *
 * @param bytes the text from 0 to `end`, then a `SENTINEL`
 */
export type Scanner = (bytes: Uint8Array, end: number, ends: Int32Array) => number;

/** White_Space. */
export const WHITE: number = SPACE | NEWLINE;
export const APOSTROPHE = 0x27;
export const BLANK = 0x20;

/** The pre-tokens of GPT-2: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`. */
export function gpt2Scanner(classes: Utf8Classes): Scanner {
  return (bytes, end, ends) => {
    let count = 0;
    for (let start = 0; start < end;) {
      const first = bytes[start];
      const i = first === BLANK ? start + 1 : start;
      const flags = classes.at(bytes, i);
      let stop = start;
      if ((flags & LETTER) !== 0) stop = classes.runEnd(bytes, i, LETTER);
      else if ((flags & NUMBER) !== 0) stop = classes.runEnd(bytes, i, NUMBER);
      else if ((flags & OTHER) !== 0) {
        if (first === APOSTROPHE) stop = contractionEnd(bytes, start, 0);
        if (stop === start) stop = classes.runEnd(bytes, i, OTHER);
      } else stop = blankEnd(bytes, start, end, classes.runEnd(bytes, start, WHITE));
      ends[count++] = start = stop;
    }
    return count;
  };
}

/** The end of `\s+(?!\S)|\s+` where the run of white space from `start` ends at `run`. */
export function blankEnd(bytes: Uint8Array, start: number, end: number, run: number): number {
  if (run === end) return run;
  const last = previous(bytes, run);
  return last > start ? last : run;
}

/**
 * The end of `'s|'t|'re|'ve|'m|'ll|'d` behind the apostrophe at `start`, or `start`.
 *
 * @param caseBit 0x20 where capitals count too
 */
export function contractionEnd(bytes: Uint8Array, start: number, caseBit: 0 | 0x20): number {
  switch (bytes[start + 1] | caseBit) {
    case 0x73: // s
    case 0x74: // t
    case 0x6d: // m
    case 0x64: // d
      return start + 2;
    case 0x72: // re
    case 0x76: // ve
      return (bytes[start + 2] | caseBit) === 0x65 ? start + 3 : start;
    case 0x6c: // ll
      return (bytes[start + 2] | caseBit) === 0x6c ? start + 3 : start;
    default:
      return start;
  }
}
