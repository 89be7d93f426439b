import { type Configurations, Reader } from "./configurations.ts";
import type { Masks } from "./masks.ts";

/** Holds one answer to a format, token by token. */
export class FormatConstraint {
  readonly #masks: Masks;
  readonly #reader: Reader;
  readonly #mask: Uint32Array;
  #now: Configurations;

  /** Begins an answer whose tokens `masks` finds. */
  constructor(masks: Masks) {
    this.#masks = masks;
    this.#reader = new Reader(masks.network);
    this.#mask = new Uint32Array(masks.vocabulary.words);
    this.#now = this.#reader.start();
  }

  /** Whether the answer may end here. */
  get complete(): boolean {
    return this.#now.complete;
  }

  /**
   * The tokens that may come next, as bits, [⌈V / 32⌉], until the next call: those that end an answer
   * exactly where it is complete, and no others where nothing can follow.
   *
   * @throws {RangeError} where the format can be understood in too many ways
   */
  mask(): Uint32Array {
    this.#mask.fill(0);
    this.#masks.add(this.#now, this.#reader.stacks, this.#mask);
    if (this.#now.complete) {
      for (const token of this.#masks.vocabulary.endTokens) {
        this.#mask[token >> 5] |= 1 << (token & 31);
      }
    }
    return this.#mask;
  }

  /**
   * Takes in the token that was chosen.
   *
   * @throws {RangeError} where the mask does not allow it
   */
  accept(token: number): void {
    const { endTokens } = this.#masks.vocabulary;
    if (endTokens.includes(token) && this.#now.complete) {
      this.#now = { pairs: [], complete: true };
      return;
    }
    const bytes = this.#masks.vocabulary.bytes(token) ?? [];
    let next = this.#now;
    this.#reader.rest();
    for (const byte of bytes) next = this.#reader.read(next, byte);
    if (bytes.length === 0 || (next.pairs.length === 0 && !next.complete)) {
      throw new RangeError(
        `Cannot accept the token ${token}: it must be one that the mask allows; choose among those`,
      );
    }
    this.#now = next;
  }
}
