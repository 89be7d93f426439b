import { compareUnits, grown } from "./arrays.ts";

/** Sees a pre-token, `units.subarray(start, end)` in UTF-16, and how often it occurred. */
export type VisitPreToken = (units: Uint16Array, start: number, end: number, count: number) => void;

/** Different pre-tokens with their counts; may be walked several times. */
export interface CountedPreTokens {
  /** Shows each pre-token once, in the same order each time. */
  each(visit: VisitPreToken): void;
}

/** Bytes of memory of one pre-token, its text apart, and of a UTF-16 unit of text. */
const ENTRY_BYTES = 32;
const UNIT_BYTES = 2;

/**
 * Different pre-tokens and their counts in typed arrays, so that millions of them are a few objects
 * to the garbage collector: the texts behind each other in UTF-16, found by an open-addressing hash
 * table. Counts are exact up to 2⁵³.
 */
export class PreTokenCounts implements CountedPreTokens {
  /** Number of different pre-tokens. */
  size = 0;
  /** Entry + 1 by hash; 0 is free. */
  #table = new Uint32Array(1 << 12);
  #hashes = new Uint32Array(1 << 11);
  /** Where each text begins; one more than there are entries. */
  #starts = new Uint32Array((1 << 11) + 1);
  #counts = new Float64Array(1 << 11);
  #units = new Uint16Array(1 << 14);

  /** Counts `text.slice(start, end)` once more. */
  add(text: string, start: number, end: number): void {
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = (hash ^ (hash >>> 15)) >>> 0;
    const mask = this.#table.length - 1;
    let at = hash & mask;
    for (let entry; (entry = this.#table[at]) !== 0; at = (at + 1) & mask) {
      if (this.#hashes[entry - 1] === hash && this.#equals(entry - 1, text, start, end)) {
        this.#counts[entry - 1]++;
        return;
      }
    }
    this.#table[at] = this.#insert(hash, text, start, end) + 1;
    if (this.size * 2 > mask) this.#growTable();
  }

  /** Memory in use, in bytes, but for what was allocated ahead. */
  get bytes(): number {
    return this.size * ENTRY_BYTES + this.#starts[this.size] * UNIT_BYTES;
  }

  each(visit: VisitPreToken): void {
    for (let entry = 0; entry < this.size; entry++) this.#show(entry, visit);
  }

  /** As `each`, in the order of the texts' UTF-16 units. */
  eachSorted(visit: VisitPreToken): void {
    const [units, starts] = [this.#units, this.#starts];
    const order = new Uint32Array(this.size).map((_, entry) => entry);
    order.sort((a, b) =>
      compareUnits(units, starts[a], starts[a + 1], units, starts[b], starts[b + 1])
    );
    for (const entry of order) this.#show(entry, visit);
  }

  #show(entry: number, visit: VisitPreToken): void {
    visit(this.#units, this.#starts[entry], this.#starts[entry + 1], this.#counts[entry]);
  }

  #equals(entry: number, text: string, start: number, end: number): boolean {
    const from = this.#starts[entry];
    if (this.#starts[entry + 1] - from !== end - start) return false;
    for (let i = start; i < end; i++) {
      if (this.#units[from + i - start] !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  #insert(hash: number, text: string, start: number, end: number): number {
    const entry = this.size++;
    const from = this.#starts[entry];
    const to = from + end - start;
    if (this.size > this.#counts.length) {
      this.#hashes = grown(this.#hashes, this.size);
      this.#starts = grown(this.#starts, this.size + 1);
      this.#counts = grown(this.#counts, this.size);
    }
    if (to > this.#units.length) this.#units = grown(this.#units, to);
    for (let i = start; i < end; i++) this.#units[from + i - start] = text.charCodeAt(i);
    this.#starts[entry + 1] = to;
    this.#hashes[entry] = hash;
    this.#counts[entry] = 1;
    return entry;
  }

  #growTable(): void {
    const mask = this.#table.length * 2 - 1;
    this.#table = new Uint32Array(mask + 1);
    for (let entry = 0; entry < this.size; entry++) {
      let at = this.#hashes[entry] & mask;
      while (this.#table[at] !== 0) at = (at + 1) & mask;
      this.#table[at] = entry + 1;
    }
  }
}
