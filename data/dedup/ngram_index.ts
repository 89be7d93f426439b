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

/**
 * The n-grams of some texts, to be found in others. A word is one of `splitWords` in lower case;
 * words of symbols alone are passed over. Exact: what hashes alike is compared word by word.
 */
export class NgramIndex {
  /** Number of words of each text. */
  readonly lengths: number[] = [];
  /** Numbers of the words of the texts, from 1; a word of no text ends every n-gram. */
  readonly #words = new Map<string, number>();
  /** The words of all texts, one text after the other. */
  readonly #sequence: Uint32Array;
  /** Of the n-gram at a place of the sequence: its text, and the place before with the same one. */
  readonly #text: Uint32Array;
  readonly #before: Uint32Array;
  /** Places (and 1) of the last of each n-gram, by its hash. */
  readonly #slots: Uint32Array;
  readonly #mask: number;

  constructor(texts: readonly string[], readonly n: number) {
    const sequence: number[] = [];
    for (const text of texts) {
      const before = sequence.length;
      for (const { word } of wordsOf(text)) {
        const number = this.#words.get(word) ?? this.#words.size + 1;
        this.#words.set(word, number);
        sequence.push(number);
      }
      this.lengths.push(sequence.length - before);
    }
    this.#sequence = Uint32Array.from(sequence);
    this.#text = new Uint32Array(sequence.length);
    this.#before = new Uint32Array(sequence.length);
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * sequence.length + 2)));
    this.#mask = this.#slots.length - 1;
    let first = 0;
    this.lengths.forEach((length, text) => {
      for (let place = first; place + n <= first + length; place++) this.#add(place, text);
      first += length;
    });
  }

  /** The n-grams of the indexed texts in another one, in its order; they may overlap. */
  *find(text: string): Generator<NgramMatch> {
    if (this.#sequence.length < this.n) return;
    const { n } = this;
    const run: number[] = [];
    const starts: number[] = [];
    for (const { word, start, end } of wordsOf(text)) {
      const number = this.#words.get(word);
      if (number === undefined) {
        run.length = starts.length = 0;
        continue;
      }
      run.push(number);
      starts.push(start);
      const first = run.length - n;
      if (first < 0) continue;
      const last = this.#slots[this.#slotOf(run, first)];
      if (last > 0) yield { start: starts[first], end, texts: this.#textsFrom(last) };
    }
  }

  #add(place: number, text: number): void {
    const slot = this.#slotOf(this.#sequence, place);
    const before = this.#slots[slot];
    // A text that says it again is not listed again.
    if (before > 0 && this.#text[before - 1] === text) return;
    this.#text[place] = text;
    this.#before[place] = before;
    this.#slots[slot] = place + 1;
  }

  #textsFrom(last: number): number[] {
    const texts: number[] = [];
    for (let place = last; place > 0; place = this.#before[place - 1]) {
      texts.push(this.#text[place - 1]);
    }
    return texts;
  }

  /** The slot of an n-gram, or the free one where it belongs. */
  #slotOf(words: ArrayLike<number>, first: number): number {
    let hash = 0;
    for (let i = 0; i < this.n; i++) hash = Math.imul(hash ^ words[first + i], 0x9e3779b1) + i | 0;
    for (let slot = (hash ^ hash >>> 15) & this.#mask;; slot = slot + 1 & this.#mask) {
      const place = this.#slots[slot] - 1;
      if (place < 0 || this.#holds(place, words, first)) return slot;
    }
  }

  #holds(place: number, words: ArrayLike<number>, first: number): boolean {
    for (let i = 0; i < this.n; i++) {
      if (this.#sequence[place + i] !== words[first + i]) return false;
    }
    return true;
  }
}

function* wordsOf(text: string): Generator<{ word: string; start: number; end: number }> {
  const { count, starts, ends, kinds } = splitWords(text);
  for (let i = 0; i < count; i++) {
    if (kinds[i] === SYMBOLS) continue;
    yield { word: text.slice(starts[i], ends[i]).toLowerCase(), start: starts[i], end: ends[i] };
  }
}
