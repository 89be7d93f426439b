import { splitWords, SYMBOLS } from "../words.ts";

/** An n-gram of an indexed text in another text. */
export interface NgramMatch {
  /** Where it begins there, in UTF-16 units. */
  start: number;
  /** Where it ends, exclusive. */
  end: number;
  /** The indexed texts that hold it, by number: the latest first. */
  texts: number[];
}

/** Factor of the hash of an n-gram, a polynomial of the numbers of its words. */
const FACTOR = 0x9e3779b1;

/**
 * The n-grams of some texts, to be found in others. A word is one of `splitWords` in lower case;
 * words of symbols alone are passed over. Exact: what hashes alike is compared word by word.
 */
export class NgramIndex {
  /** Number of words of each text. */
  readonly lengths: number[] = [];
  readonly #words: WordNumbers;
  /** The words of all texts, one text after the other. */
  readonly #sequence: Uint32Array;
  /** Of the n-gram at a place of the sequence: its text, and the place before with the same one. */
  readonly #text: Uint32Array;
  readonly #before: Uint32Array;
  /** Places (and 1) of the last of each n-gram, by its hash. */
  readonly #slots: Uint32Array;
  /** The factor of the word that leaves the hash. */
  readonly #oldest: number;

  constructor(texts: readonly string[], readonly n: number) {
    this.#words = new WordNumbers(texts);
    const sequence: number[] = [];
    for (const text of texts) {
      const before = sequence.length;
      const { numbers } = this.#words.of(text);
      for (const number of numbers) sequence.push(number);
      this.lengths.push(sequence.length - before);
    }
    this.#sequence = Uint32Array.from(sequence);
    this.#text = new Uint32Array(sequence.length);
    this.#before = new Uint32Array(sequence.length);
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * sequence.length + 2)));
    this.#oldest = 1;
    for (let i = 0; i < n; i++) this.#oldest = Math.imul(this.#oldest, FACTOR);
    let first = 0;
    this.lengths.forEach((length, text) => {
      this.#scan(this.#sequence.subarray(first, first + length), (place, slot) => {
        const before = this.#slots[slot];
        // A text that says it again is not listed again.
        if (before > 0 && this.#text[before - 1] === text) return;
        this.#text[first + place] = text;
        this.#before[first + place] = before;
        this.#slots[slot] = first + place + 1;
      });
      first += length;
    });
  }

  /** The n-grams of the indexed texts in another one, in its order; they may overlap. */
  find(text: string): NgramMatch[] {
    const matches: NgramMatch[] = [];
    if (this.#sequence.length < this.n) return matches;
    const { numbers, starts, ends } = this.#words.of(text);
    this.#scan(numbers, (place, slot) => {
      const last = this.#slots[slot];
      if (last === 0) return;
      const end = ends[place + this.n - 1];
      matches.push({ start: starts[place], end, texts: this.#textsFrom(last) });
    });
    return matches;
  }

  #textsFrom(last: number): number[] {
    const texts: number[] = [];
    for (let place = last; place > 0; place = this.#before[place - 1]) {
      texts.push(this.#text[place - 1]);
    }
    return texts;
  }

  /** Visits each n-gram of known words with its place and slot: its own, or a free one. */
  #scan(numbers: Uint32Array, visit: (place: number, slot: number) => void): void {
    const { n } = this;
    let hash = 0;
    let known = 0; // words in a row
    for (let i = 0; i < numbers.length; i++) {
      known = numbers[i] === 0 ? 0 : known + 1;
      hash = Math.imul(hash, FACTOR) + numbers[i] | 0;
      if (i >= n) hash = hash - Math.imul(this.#oldest, numbers[i - n]) | 0;
      if (known >= n) visit(i - n + 1, this.#slotOf(numbers, i - n + 1, hash));
    }
  }

  #slotOf(numbers: Uint32Array, first: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = (hash ^ hash >>> 15) & mask;; slot = slot + 1 & mask) {
      const place = this.#slots[slot] - 1;
      if (place < 0 || this.#holds(place, numbers, first)) return slot;
    }
  }

  #holds(place: number, numbers: Uint32Array, first: number): boolean {
    for (let i = 0; i < this.n; i++) {
      if (this.#sequence[place + i] !== numbers[first + i]) return false;
    }
    return true;
  }
}

/** The words of a text: their numbers and places. */
interface NumberedWords {
  /** 0 for a word that was not known. */
  numbers: Uint32Array;
  starts: Int32Array;
  ends: Int32Array;
}

/** Numbers, from 1, of the words of some texts. */
class WordNumbers {
  readonly #words: string[] = [""];
  #slots = new Uint32Array(1 << 12);

  constructor(texts: readonly string[]) {
    for (const text of texts) {
      this.#number(text, (lower, start, end) => this.#add(lower, start, end));
    }
  }

  /** The words of a text, symbols left out. */
  of(text: string): NumberedWords {
    return this.#number(text, (lower, start, end) => this.#slots[this.#slotOf(lower, start, end)]);
  }

  #number(
    text: string,
    numberOf: (lower: string, start: number, end: number) => number,
  ): NumberedWords {
    const { starts, ends, kinds, count } = splitWords(text);
    const numbers = new Uint32Array(count);
    const whole = text.toLowerCase();
    const isAligned = whole.length === text.length; // a few letters become two
    let words = 0;
    for (let i = 0; i < count; i++) {
      if (kinds[i] === SYMBOLS) continue;
      const [start, end] = [starts[i], ends[i]];
      const lower = isAligned ? whole : text.slice(start, end).toLowerCase();
      numbers[words] = isAligned ? numberOf(lower, start, end) : numberOf(lower, 0, lower.length);
      starts[words] = start;
      ends[words++] = end;
    }
    return { numbers: numbers.subarray(0, words), starts, ends };
  }

  #add(lower: string, start: number, end: number): number {
    const slot = this.#slotOf(lower, start, end);
    if (this.#slots[slot] > 0) return this.#slots[slot];
    const number = this.#words.push(lower.slice(start, end)) - 1;
    this.#slots[slot] = number;
    if (2 * number > this.#slots.length) this.#grow();
    return number;
  }

  #grow(): void {
    this.#slots = new Uint32Array(4 * this.#slots.length);
    for (let number = 1; number < this.#words.length; number++) {
      const word = this.#words[number];
      this.#slots[this.#slotOf(word, 0, word.length)] = number;
    }
  }

  #slotOf(lower: string, start: number, end: number): number {
    let hash = 0;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ lower.charCodeAt(i), FACTOR);
    const mask = this.#slots.length - 1;
    for (let slot = (hash ^ hash >>> 15) & mask;; slot = slot + 1 & mask) {
      const number = this.#slots[slot];
      if (number === 0) return slot;
      const word = this.#words[number];
      if (word.length === end - start && lower.startsWith(word, start)) return slot;
    }
  }
}
