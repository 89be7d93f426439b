import type { CountedPreTokens } from "./counts.ts";

/** Stands before and after each word; no token has this id. */
export const BORDER = 0xffff_ffff;

/** Different pre-tokens as rows of tokens, one slot of an array for each UTF-8 byte. */
export interface Words {
  /**
   * A token of n bytes is written into the first and the last of its n slots; what is between
   * doesn't count. So the token before slot p is `symbols[p - 1]`, the next one is n slots on.
   */
  symbols: Uint32Array;
  /** How often the word that holds a slot occurred. */
  weightAt(slot: number): number;
  /** Number of words. */
  size: number;
  /** Different pre-tokens that found no room, all of them rarer than any word here. */
  leftOut: number;
  /** How often those occurred in all. */
  leftOutOccurrences: number;
}

/** Bytes and number of the pre-tokens of one count. */
interface CountClass {
  words: number;
  slots: number;
}

/**
 * Lays out counted pre-tokens by falling count, so that few borders tell the count of a slot.
 *
 * @param tokenOfByte the token that stands for each byte
 * @param maxSlots room, in slots; the rarest pre-tokens that don't fit are left out, always all of
 * one count together
 * @throws {RangeError} where not even the commonest fit
 */
export function layOutWords(
  counted: CountedPreTokens,
  tokenOfByte: Uint32Array,
  maxSlots: number,
): Words {
  const classes = new Map<number, CountClass>();
  counted.each((units, start, end, count) => {
    let found = classes.get(count);
    if (!found) classes.set(count, found = { words: 0, slots: 0 });
    found.words++;
    found.slots += utf8Length(units, start, end) + 1;
  });
  const sorted = [...classes].sort(([a], [b]) => b - a);
  const starts: number[] = [];
  let total = 1;
  for (const [, { slots }] of sorted) {
    if (total + slots > maxSlots) break;
    starts.push(total);
    total += slots;
  }
  if (starts.length === 0 && sorted.length > 0) {
    throw new RangeError(
      `Cannot train: wanted room for ${
        sorted[0][1].slots
      } bytes of the commonest pre-tokens, got ` +
        `${maxSlots}; raise maxMemoryBytes, or use a pattern that makes shorter pieces`,
    );
  }
  const kept = sorted.slice(0, starts.length);
  const out = sorted.slice(starts.length);
  const symbols = new Uint32Array(total);
  symbols[0] = BORDER;
  const nextSlot = new Map(kept.map(([count], i) => [count, starts[i]]));
  counted.each((units, start, end, count) => {
    const slot = nextSlot.get(count);
    if (slot === undefined) return;
    const after = writeTokens(units, start, end, symbols, slot, tokenOfByte);
    symbols[after] = BORDER;
    nextSlot.set(count, after + 1);
  });
  const counts = kept.map(([count]) => count);
  return {
    symbols,
    weightAt: stepFunction(starts, counts),
    size: kept.reduce((sum, [, { words }]) => sum + words, 0),
    leftOut: out.reduce((sum, [, { words }]) => sum + words, 0),
    leftOutOccurrences: out.reduce((sum, [count, { words }]) => sum + count * words, 0),
  };
}

/** The value whose start is the last at or below the argument. */
function stepFunction(starts: number[], values: number[]): (at: number) => number {
  const [borders, steps] = [Uint32Array.from(starts), Float64Array.from(values)];
  return (at) => {
    let [low, high] = [0, borders.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (borders[middle] <= at) low = middle;
      else high = middle - 1;
    }
    return steps[low];
  };
}

function utf8Length(units: Uint16Array, start: number, end: number): number {
  let length = 0;
  for (let i = start; i < end; i++) {
    const unit = units[i];
    if (unit < 0x80) length++;
    else if (unit < 0x800) length += 2;
    else if (isPair(units, i, end)) {
      length += 4;
      i++;
    } else length += 3;
  }
  return length;
}

/** Writes the tokens of the UTF-8 bytes and returns the slot after them. */
function writeTokens(
  units: Uint16Array,
  start: number,
  end: number,
  symbols: Uint32Array,
  slot: number,
  tokenOfByte: Uint32Array,
): number {
  for (let i = start; i < end; i++) {
    let code = units[i];
    if (code < 0x80) {
      symbols[slot++] = tokenOfByte[code];
      continue;
    }
    if (isPair(units, i, end)) code = 0x10000 + ((code & 0x3ff) << 10 | units[++i] & 0x3ff);
    // Half a surrogate pair becomes U+FFFD, as in TextEncoder.
    else if ((code & 0xf800) === 0xd800) code = 0xfffd;
    if (code < 0x800) symbols[slot++] = tokenOfByte[0xc0 | code >> 6];
    else {
      if (code < 0x10000) symbols[slot++] = tokenOfByte[0xe0 | code >> 12];
      else {
        symbols[slot++] = tokenOfByte[0xf0 | code >> 18];
        symbols[slot++] = tokenOfByte[0x80 | code >> 12 & 0x3f];
      }
      symbols[slot++] = tokenOfByte[0x80 | code >> 6 & 0x3f];
    }
    symbols[slot++] = tokenOfByte[0x80 | code & 0x3f];
  }
  return slot;
}

function isPair(units: Uint16Array, i: number, end: number): boolean {
  return (units[i] & 0xfc00) === 0xd800 && i + 1 < end && (units[i + 1] & 0xfc00) === 0xdc00;
}
