import type { Words } from "../words.ts";

/** What `NgramCounter` tells of the n-grams of one length. */
export interface NgramCounts {
  /** Words of each. */
  n: number;
  /** Number of the first word of the most frequent n-gram; of those, of the first to appear. */
  topStart: number;
  /** How often it stands in the text; overlaps count. */
  topCount: number;
  /** First words of all n-grams that stand in the text more than once, ascending. */
  repeated: Int32Array;
  /** Which n-gram begins at each word; only valid for the words in `repeated`. */
  ids: Int32Array;
}

/**
 * Counts the n-grams of texts, exactly: an n-gram is the pair of the two shorter ones in it, and
 * only where both of those repeat can it repeat too, so that few places of ordinary text are left
 * after three words.
 */
export class NgramCounter {
  readonly #table = new PairTable();
  #ids = new Int32Array(0);
  #places = new Int32Array(0);

  /** Counts of n = 2, 3, … `most`; each is valid until the next is asked for. */
  *count(text: string, words: Words, most: number): Generator<NgramCounts> {
    if (this.#ids.length < words.count + 1) {
      this.#ids = new Int32Array(words.count * 2 + 1);
      this.#places = new Int32Array(words.count * 2 + 1);
    }
    let left = this.#numberWords(text, words);
    for (let n = 2; n <= most && n <= words.count; n++) {
      const ids = this.#ids;
      const places = this.#places;
      const table = this.#table;
      table.clear(left);
      let candidates = 0;
      for (let k = 0; k < left; k++) {
        const i = places[k];
        // The next place still has the number of its shorter n-gram; behind the last word is none.
        if (ids[i + 1] === 0) ids[i] = 0;
        else {
          ids[i] = table.add(ids[i], ids[i + 1], i) + 1;
          places[candidates++] = i;
        }
      }
      left = this.#keepRepeated(candidates);
      yield { n, ...table.top(), repeated: places.subarray(0, left), ids };
    }
  }

  /** Gives equal words equal numbers from 1 and those that stand alone 0. */
  #numberWords(text: string, { starts, ends, count }: Words): number {
    const table = this.#table;
    table.clear(count);
    for (let i = 0; i < count; i++) {
      const start = starts[i];
      const end = ends[i];
      let hash = end - start;
      for (let k = start; k < end; k++) hash = Math.imul(hash, 31) + text.charCodeAt(k) | 0;
      this.#ids[i] = table.addWord(text, starts, end - start, hash, i) + 1;
      this.#places[i] = i;
    }
    this.#ids[count] = 0;
    return this.#keepRepeated(count);
  }

  #keepRepeated(candidates: number): number {
    const { counts } = this.#table;
    let left = 0;
    for (let k = 0; k < candidates; k++) {
      const i = this.#places[k];
      if (counts[this.#ids[i] - 1] > 1) this.#places[left++] = i;
      else this.#ids[i] = 0;
    }
    return left;
  }
}

/** Numbers pairs of integers in the order in which they first appear, and counts them. */
class PairTable {
  /** How often each pair was added. */
  counts: Int32Array = new Int32Array(0);
  #slots = new Int32Array(0);
  #mask = 0;
  #size = 0;
  #first = new Int32Array(0);
  #second = new Int32Array(0);
  #places = new Int32Array(0);

  /** Forgets all pairs and makes room for as many. */
  clear(most: number): void {
    let slots = 16;
    while (slots < most * 2) slots *= 2;
    if (this.#slots.length < slots) {
      this.#slots = new Int32Array(slots);
      this.#first = new Int32Array(slots / 2);
      this.#second = new Int32Array(slots / 2);
      this.#places = new Int32Array(slots / 2);
      this.counts = new Int32Array(slots / 2);
    } else this.#slots.fill(0, 0, slots);
    this.#mask = slots - 1;
    this.#size = 0;
  }

  /** The number of the pair, from 0. */
  add(first: number, second: number, place: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = scatter(Math.imul(first, 0x9e3779b1) + second) & mask;
    for (let id; (id = slots[slot] - 1) >= 0; slot = slot + 1 & mask) {
      if (this.#first[id] === first && this.#second[id] === second) {
        this.counts[id]++;
        return id;
      }
    }
    return this.#insert(slot, first, second, place);
  }

  /** The number of the word, from 0; a hash that two words share leaves them apart. */
  addWord(text: string, starts: Int32Array, length: number, hash: number, place: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = scatter(hash) & mask;
    for (let id; (id = slots[slot] - 1) >= 0; slot = slot + 1 & mask) {
      if (this.#first[id] !== hash || this.#second[id] !== length) continue;
      const start = starts[place];
      const other = starts[this.#places[id]];
      let same = 0;
      while (same < length && text.charCodeAt(start + same) === text.charCodeAt(other + same)) {
        same++;
      }
      if (same === length) {
        this.counts[id]++;
        return id;
      }
    }
    return this.#insert(slot, hash, length, place);
  }

  /** The most frequent pair, of several the one that came first; the first place of the text. */
  top(): { topStart: number; topCount: number } {
    let top = -1;
    for (let id = 0; id < this.#size; id++) {
      if (this.counts[id] > (top < 0 ? 1 : this.counts[top])) top = id;
    }
    // Where nothing repeats, the very first n-gram is as frequent as any.
    return top < 0
      ? { topStart: 0, topCount: 1 }
      : { topStart: this.#places[top], topCount: this.counts[top] };
  }

  #insert(slot: number, first: number, second: number, place: number): number {
    const id = this.#size++;
    this.#slots[slot] = id + 1;
    this.#first[id] = first;
    this.#second[id] = second;
    this.#places[id] = place;
    this.counts[id] = 1;
    return id;
  }
}

/** Spreads the bits of a hash over its low ones. */
function scatter(hash: number): number {
  const mixed = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  return mixed ^ mixed >>> 13;
}
