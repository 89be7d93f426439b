import { BORDER, type Words } from "./words.ts";

/** The end of a list, or no such pair. */
const NONE = -1;

/**
 * The pairs of neighbouring tokens: how often each occurs and where. Counts stand in an
 * open-addressing hash table; the slots of a pair's left tokens are a doubly linked list, each slot
 * in exactly one. Nothing is ever out of date, so a merge looks at nothing but its own occurrences.
 */
export class Pairs {
  #words: Words;
  /** Bytes of each token. */
  #lengths: Uint32Array;
  #next: Int32Array;
  #previous: Int32Array;
  /** `BORDER` where a place of the table is free. */
  #lefts = new Uint32Array(1 << 16).fill(BORDER);
  #rights = new Uint32Array(1 << 16);
  #counts = new Float64Array(1 << 16);
  #heads = new Int32Array(1 << 16);
  #used = 0;

  /**
   * Finds all pairs of the words.
   *
   * @param lengths bytes of each token, of those to come as well
   */
  constructor(words: Words, lengths: Uint32Array) {
    this.#words = words;
    this.#lengths = lengths;
    const { symbols } = words;
    this.#next = new Int32Array(symbols.length);
    this.#previous = new Int32Array(symbols.length);
    for (let slot = 1; slot + 1 < symbols.length; slot++) {
      if (symbols[slot] === BORDER || symbols[slot + 1] === BORDER) continue;
      this.#link(symbols[slot], symbols[slot + 1], slot, words.weightAt(slot));
    }
  }

  /** Occurrences of a pair. */
  count(left: number, right: number): number {
    const place = this.#find(left, right);
    return place === NONE ? 0 : this.#counts[place];
  }

  /** Shows each pair that occurs. */
  each(visit: (left: number, right: number, count: number) => void): void {
    for (let place = 0; place < this.#lefts.length; place++) {
      if (this.#lefts[place] === BORDER || this.#counts[place] === 0) continue;
      visit(this.#lefts[place], this.#rights[place], this.#counts[place]);
    }
  }

  /**
   * Puts a token in the place of a pair, everywhere, from left to right within a word.
   *
   * @param onNew sees the pairs that this makes, some of them more than once
   */
  merge(
    left: number,
    right: number,
    merged: number,
    onNew: (left: number, right: number) => void,
  ): void {
    const { symbols } = this.#words;
    const step = this.#lengths[left];
    for (;;) {
      // Linking new pairs may move the table, and drop a pair that occurs no more.
      const place = this.#find(left, right);
      let slot = place === NONE ? NONE : this.#heads[place];
      if (slot === NONE) return;
      if (left !== right) {
        this.#mergeAt(slot, left, right, merged, onNew);
        continue;
      }
      // In a run of one token, pairs overlap: the whole run at once, from its start.
      while (symbols[slot - 1] === left) slot -= step;
      while (symbols[slot] === left && symbols[slot + step] === left) {
        this.#mergeAt(slot, left, right, merged, onNew);
        slot += 2 * step;
      }
    }
  }

  #mergeAt(
    slot: number,
    left: number,
    right: number,
    merged: number,
    onNew: (left: number, right: number) => void,
  ): void {
    const { symbols } = this.#words;
    const weight = this.#words.weightAt(slot);
    const rightSlot = slot + this.#lengths[left];
    const after = rightSlot + this.#lengths[right];
    this.#unlink(left, right, slot, weight);
    const before = symbols[slot - 1];
    if (before !== BORDER) {
      const beforeSlot = slot - this.#lengths[before];
      this.#unlink(before, left, beforeSlot, weight);
      if (this.#link(before, merged, beforeSlot, weight)) onNew(before, merged);
    }
    const following = symbols[after];
    if (following !== BORDER) {
      this.#unlink(right, following, rightSlot, weight);
      if (this.#link(merged, following, slot, weight)) onNew(merged, following);
    }
    symbols[slot] = merged;
    symbols[after - 1] = merged;
  }

  /** Returns whether the pair did not occur before. */
  #link(left: number, right: number, slot: number, weight: number): boolean {
    const place = this.#findOrInsert(left, right);
    const head = this.#heads[place];
    this.#next[slot] = head;
    this.#previous[slot] = NONE;
    if (head !== NONE) this.#previous[head] = slot;
    this.#heads[place] = slot;
    const isNew = this.#counts[place] === 0;
    this.#counts[place] += weight;
    return isNew;
  }

  #unlink(left: number, right: number, slot: number, weight: number): void {
    const place = this.#find(left, right);
    const [before, after] = [this.#previous[slot], this.#next[slot]];
    if (before === NONE) this.#heads[place] = after;
    else this.#next[before] = after;
    if (after !== NONE) this.#previous[after] = before;
    this.#counts[place] -= weight;
  }

  #find(left: number, right: number): number {
    const mask = this.#lefts.length - 1;
    for (let place = hash(left, right) & mask;; place = (place + 1) & mask) {
      if (this.#lefts[place] === left && this.#rights[place] === right) return place;
      if (this.#lefts[place] === BORDER) return NONE;
    }
  }

  #findOrInsert(left: number, right: number): number {
    const mask = this.#lefts.length - 1;
    let place = hash(left, right) & mask;
    for (; this.#lefts[place] !== BORDER; place = (place + 1) & mask) {
      if (this.#lefts[place] === left && this.#rights[place] === right) return place;
    }
    if (this.#used * 2 > mask) {
      this.#rebuild();
      return this.#findOrInsert(left, right);
    }
    this.#used++;
    this.#lefts[place] = left;
    this.#rights[place] = right;
    this.#counts[place] = 0;
    this.#heads[place] = NONE;
    return place;
  }

  /** A new table of the pairs that still occur, at most a quarter full. */
  #rebuild(): void {
    const [lefts, rights, counts, heads] = [this.#lefts, this.#rights, this.#counts, this.#heads];
    let live = 0;
    for (let i = 0; i < lefts.length; i++) if (lefts[i] !== BORDER && counts[i] > 0) live++;
    let length = lefts.length;
    while (live * 4 > length) length *= 2;
    this.#lefts = new Uint32Array(length).fill(BORDER);
    this.#rights = new Uint32Array(length);
    this.#counts = new Float64Array(length);
    this.#heads = new Int32Array(length);
    this.#used = 0;
    for (let i = 0; i < lefts.length; i++) {
      if (lefts[i] === BORDER || counts[i] === 0) continue;
      const place = this.#findOrInsert(lefts[i], rights[i]);
      this.#counts[place] = counts[i];
      this.#heads[place] = heads[i];
    }
  }
}

function hash(left: number, right: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
