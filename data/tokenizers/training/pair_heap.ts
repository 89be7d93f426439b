import { grown } from "./arrays.ts";

/** A pair of tokens and how often it was counted. */
export interface CountedPair {
  left: number;
  right: number;
  count: number;
}

/** A binary heap of pairs: on top the highest count, then the smaller left id, then right id. */
export class PairHeap {
  /** Number of pairs. */
  size = 0;
  #lefts = new Uint32Array(1 << 12);
  #rights = new Uint32Array(1 << 12);
  #counts = new Float64Array(1 << 12);

  /** Puts a pair in. */
  push(left: number, right: number, count: number): void {
    if (this.size === this.#counts.length) {
      this.#lefts = grown(this.#lefts, this.size);
      this.#rights = grown(this.#rights, this.size);
      this.#counts = grown(this.#counts, this.size);
    }
    let at = this.size++;
    for (; at > 0; at = (at - 1) >> 1) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(left, right, count, parent)) break;
      this.#move(parent, at);
    }
    this.#set(at, left, right, count);
  }

  /** Takes the top out; undefined where there is none. */
  pop(): CountedPair | undefined {
    if (this.size === 0) return undefined;
    const top = this.#get(0);
    const { left, right, count } = this.#get(--this.size);
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size) {
        const other = this.#get(child + 1);
        if (this.#isBefore(other.left, other.right, other.count, child)) child++;
      }
      if (this.#isBefore(left, right, count, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#set(at, left, right, count);
    return top;
  }

  #isBefore(left: number, right: number, count: number, at: number): boolean {
    if (count !== this.#counts[at]) return count > this.#counts[at];
    if (left !== this.#lefts[at]) return left < this.#lefts[at];
    return right < this.#rights[at];
  }

  #get(at: number): CountedPair {
    return { left: this.#lefts[at], right: this.#rights[at], count: this.#counts[at] };
  }

  #set(at: number, left: number, right: number, count: number): void {
    this.#lefts[at] = left;
    this.#rights[at] = right;
    this.#counts[at] = count;
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#lefts[from], this.#rights[from], this.#counts[from]);
  }
}
