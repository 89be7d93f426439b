import { FUNCTION_BYTES, type MinhashModule, minhashModule, NO_MINIMUM } from "./minhash_module.ts";
import { permutations } from "./permutations.ts";
import { stretches } from "./simplify.ts";
import { BYTES_PER_UNIT, writeSimple, writeWords } from "./write_simple.ts";

/** Options of `Minhasher`. */
export interface MinhashOptions {
  /** Words in a shingle. @default 5 */
  shingleWords?: number;
  /** Bands; two documents that agree in one whole band are near duplicates. @default 14 */
  bands?: number;
  /** Hashes in a band. @default 8 */
  rows?: number;
  /** Seed of the hash functions, below 2³². @default 1 */
  seed?: number;
}

/** Bytes of the key of a band. */
export const KEY_BYTES = 16;

const MEMORY_PAGE = 1 << 16;
const SPACE = 0x20;
/** Shingles whose hashes are held at a time; they fit into the processor's first cache. */
const BLOCK = 2048;
const BLOCK_END = 8 * BLOCK;

/**
 * Computes MinHash signatures by datatrove's rule: each shingle of 5 words joined by spaces is
 * hashed with XXH64, each hash h becomes ((a·h + b) mod 2⁶⁴) mod (2⁶¹ - 1) for each of 112 pairs
 * (a, b), and the signature is the smallest value of each (Broder, "On the resemblance and
 * containment of documents", 1997). With 14 bands of 8, two documents whose sets of shingles have
 * the similarity s agree in a band with probability 1 - (1 - s⁸)¹⁴: 0.92 at 0.8, a half at 0.70.
 *
 * @example
 * ```ts
 * import { Minhasher } from "@quern/quern";
 * const minhasher = new Minhasher();
 * const a = minhasher.signText("One two three four five six.")!;
 * const b = minhasher.signText("ONE two, three, four five; six")!;
 * console.log(a.length, a.every((value, i) => value === b[i])); // 112 true
 * ```
 */
export class Minhasher {
  /** The options in force. */
  readonly options: Readonly<Required<MinhashOptions>>;
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #module: MinhashModule = minhashModule(this.#memory);
  /** The hash functions and their minima; in front of them the memory holds a block of hashes. */
  readonly #family: BigUint64Array<ArrayBuffer>;
  readonly #familyEnd: number;
  /** All of the memory; behind the functions it holds words, each followed by a space. */
  #bytes = new Uint8Array(this.#memory.buffer);

  /**
   * Derives the hash functions.
   *
   * @throws {RangeError} where an option is not a whole number of at least 1 (seed: 0)
   */
  constructor(options: MinhashOptions = {}) {
    this.options = { shingleWords: 5, bands: 14, rows: 8, seed: 1, ...options };
    for (const [name, value] of Object.entries(this.options)) {
      const least = name === "seed" ? 0 : 1;
      if (!Number.isSafeInteger(value) || value < least || value >= 2 ** 32) {
        throw new RangeError(
          `Cannot make MinHash signatures: wanted a whole number of at least ${least} as ${name}, ` +
            `got ${value}`,
        );
      }
    }
    const { a, b } = permutations(this.options.bands * this.options.rows, this.options.seed);
    this.#family = new BigUint64Array(3 * a.length);
    a.forEach((factor, i) => this.#family.set([factor, b[i], NO_MINIMUM], 3 * i));
    this.#familyEnd = BLOCK_END + FUNCTION_BYTES * a.length;
  }

  /**
   * The signature of a text's words, simplified: [bands · rows] numbers below 2⁶¹, band by band; or
   * undefined for a text of fewer words than a shingle has.
   */
  signText(text: string): BigUint64Array<ArrayBuffer> | undefined {
    return this.#sign(stretches(text), writeSimple);
  }

  /**
   * The signature of words as they are, or undefined where they are fewer than a shingle has.
   *
   * @throws {RangeError} where a word is empty or holds a space
   */
  signWords(words: readonly string[]): BigUint64Array<ArrayBuffer> | undefined {
    const wrong = words.find((word) => word === "" || word.includes(" "));
    if (wrong !== undefined) {
      throw new RangeError(
        `Cannot sign words: wanted words without spaces, got ${JSON.stringify(wrong)}`,
      );
    }
    return this.#sign([words.join(" ")], writeWords);
  }

  /**
   * A key of 128 bits for each band of a signature; two signatures that agree in a band have its
   * key in common, and no two bands have one.
   */
  bandKeys(signature: BigUint64Array): Uint8Array<ArrayBuffer> {
    const { bands, rows } = this.options;
    // In memory stand, for each band, its number as 64 bits and its values, then the keys.
    const size = 8 + 8 * rows;
    const at = this.#familyEnd;
    const keysAt = at + bands * size;
    this.#reserve(keysAt + KEY_BYTES * bands);
    const words = new Uint32Array(this.#memory.buffer, at, bands * size / 4);
    const values = new Uint32Array(signature.buffer, signature.byteOffset, 2 * signature.length);
    for (let band = 0, to = 0, from = 0; band < bands; band++) {
      words[to++] = band;
      words[to++] = 0;
      for (let i = 0; i < 2 * rows; i++) words[to++] = values[from++];
      const [start, end] = [at + band * size, at + (band + 1) * size];
      // One place further on, each value meets other neighbours in the hash: two hashes, not one.
      this.#module.hash(start + 8, end, keysAt + KEY_BYTES * band);
      this.#module.hash(start, end, keysAt + KEY_BYTES * band + 8);
    }
    return this.#bytes.slice(keysAt, keysAt + KEY_BYTES * bands);
  }

  /** Signs what stretches of text make together, each written as words with spaces behind them. */
  #sign(
    texts: Iterable<string>,
    write: (text: string, bytes: Uint8Array, at: number) => number,
  ): BigUint64Array<ArrayBuffer> | undefined {
    new BigUint64Array(this.#memory.buffer, BLOCK_END, this.#family.length).set(this.#family);
    const { shingleWords } = this.options;
    const begin = this.#familyEnd;
    let length = begin; // end of the words in memory
    let shingles = 0;
    let words = 0; // in the shingle that is being read
    for (const text of texts) {
      this.#reserve(length + BYTES_PER_UNIT * text.length + 1);
      const bytes = this.#bytes;
      let at = length;
      length = write(text, bytes, at);
      let first = begin;
      for (; at < length; at++) {
        if (bytes[at] !== SPACE || ++words < shingleWords) continue;
        this.#module.hash(first, at, 8 * (shingles % BLOCK));
        if (++shingles % BLOCK === 0) this.#lower(BLOCK);
        while (bytes[first++] !== SPACE);
        words--;
      }
      bytes.copyWithin(begin, first, length);
      length -= first - begin;
    }
    if (shingles === 0) return;
    this.#lower(shingles % BLOCK);
    return this.#minima();
  }

  /** The third number of each function; halves of 32 bits need no bigints. */
  #minima(): BigUint64Array<ArrayBuffer> {
    const minima = new BigUint64Array(this.#family.length / 3);
    const from = new Uint32Array(this.#memory.buffer, BLOCK_END, 2 * this.#family.length);
    const to = new Uint32Array(minima.buffer);
    for (let i = 0; i < minima.length; i++) {
      to[2 * i] = from[6 * i + 4];
      to[2 * i + 1] = from[6 * i + 5];
    }
    return minima;
  }

  #lower(hashes: number): void {
    this.#module.lower(0, 8 * hashes, BLOCK_END, this.#familyEnd);
  }

  #reserve(bytes: number): void {
    const missing = bytes - this.#bytes.length;
    if (missing <= 0) return;
    this.#memory.grow(Math.ceil(missing / MEMORY_PAGE));
    this.#bytes = new Uint8Array(this.#memory.buffer);
  }
}
