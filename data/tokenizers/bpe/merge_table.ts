/** The rank of a pair that does not merge: above all others. */
export const NO_MERGE = 0x7fffffff;

/** Two tokens that merge into a third. */
export interface Merge {
  /** Id of the left token. */
  left: number;
  /** Id of the right token. */
  right: number;
  /** Id of what they become. */
  merged: number;
  /** Lower ranks merge first. */
  rank: number;
}

/** Ranks of pairs of tokens: a hash table in one typed array. */
export class MergeTable {
  /** Slots of left + 1 (0 where free), right, rank and merged token. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  /** One more than the highest rank. */
  rankCount = 0;

  /** @param room the most merges that it will hold */
  constructor(merges: Iterable<Merge>, room: number) {
    const slots = 1 << Math.max(4, 33 - Math.clz32(room));
    this.#mask = slots - 1;
    this.#slots = new Int32Array(4 * slots);
    for (const merge of merges) this.add(merge);
  }

  /** Adds a merge; one of the same pair is forgotten. */
  add({ left, right, rank, merged }: Merge): void {
    const slot = this.#find(left, right);
    this.#slots[slot] = left + 1;
    this.#slots[slot + 1] = right;
    this.#slots[slot + 2] = rank;
    this.#slots[slot + 3] = merged;
    this.rankCount = Math.max(this.rankCount, rank + 1);
  }

  /** The rank of the pair, or `NO_MERGE`. */
  rank(left: number, right: number): number {
    const slot = this.#find(left, right);
    return this.#slots[slot] === 0 ? NO_MERGE : this.#slots[slot + 2];
  }

  /** The token that a pair of this table becomes. */
  tokenOf(left: number, right: number): number {
    return this.#slots[this.#find(left, right) + 3];
  }

  #find(left: number, right: number): number {
    const slots = this.#slots;
    let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = (hash & this.#mask) << 2;
    while (slots[slot] !== 0 && (slots[slot] !== left + 1 || slots[slot + 1] !== right)) {
      slot = (slot + 4) & (this.#mask << 2 | 3);
    }
    return slot;
  }
}
