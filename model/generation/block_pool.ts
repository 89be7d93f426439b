import { BLOCK_TOKENS } from "../../kernels/mod.ts";

/** The prefix that a block continues: the salt where it is the first, else the number of the block before. */
export type Prefix = string | number;

/** The block of padding rows; it belongs to nobody. */
export const SCRAP_BLOCK = 0;

/**
 * Who holds which block of the cache, and which blocks hold the start of a text that may come again.
 *
 * A block is held by sequences, which are counted; held by none, it either is blank or keeps its tokens
 * until it is needed, the least recently used first. A block is found again by its own tokens and the whole
 * prefix before it, compared and not only hashed, so no sequence ever gets another text's block.
 */
export class BlockPool {
  #holders: Uint32Array;
  #blank: number[];
  /** Blocks held by none that keep their tokens, least recently used first. */
  #idle = new Set<number>();
  /** Number of the named block with this key. */
  #named = new Map<string, { name: number; block: number }>();
  #keys: (string | undefined)[];
  #names = 0;

  /**
   * Begins with all blocks blank.
   *
   * @param count blocks, the scrap block among them
   */
  constructor(readonly count: number) {
    this.#holders = new Uint32Array(count);
    this.#keys = new Array(count);
    this.#blank = Array.from({ length: count - 1 }, (_, i) => count - 1 - i);
  }

  /** Blocks that can be had. */
  get available(): number {
    return this.#blank.length + this.#idle.size;
  }

  /** Blocks that sequences hold. */
  get used(): number {
    return this.count - 1 - this.available;
  }

  /** A block for a new holder, of no tokens yet; nothing where all are held. */
  take(): number | undefined {
    let block = this.#blank.pop();
    if (block === undefined) {
      [block] = this.#idle;
      if (block === undefined) return undefined;
      this.#idle.delete(block);
      this.#named.delete(this.#keys[block]!);
      this.#keys[block] = undefined;
    }
    this.#holders[block] = 1;
    return block;
  }

  /**
   * The blocks that hold the start of `tokens`, full blocks only, each with one holder more.
   *
   * @param most tokens that may be found
   */
  find(
    salt: string,
    tokens: ArrayLike<number>,
    most: number,
  ): { blocks: number[]; prefix: Prefix } {
    const blocks: number[] = [];
    let prefix: Prefix = salt;
    for (let end = BLOCK_TOKENS; end <= most; end += BLOCK_TOKENS) {
      const found = this.#named.get(keyOf(prefix, tokens, end - BLOCK_TOKENS));
      if (!found) break;
      blocks.push(found.block);
      prefix = found.name;
    }
    for (const block of blocks) {
      this.#holders[block]++;
      this.#idle.delete(block);
    }
    return { blocks, prefix };
  }

  /**
   * Makes a full block known by its tokens, those from `start` on.
   *
   * @returns the prefix of the block behind it
   */
  name(block: number, prefix: Prefix, tokens: ArrayLike<number>, start: number): Prefix {
    const key = keyOf(prefix, tokens, start);
    let entry = this.#named.get(key);
    if (!entry) {
      this.#named.set(key, entry = { name: this.#names++, block });
      this.#keys[block] = key;
    }
    return entry.name;
  }

  /** Gives up blocks in the order of a text; of those held by none now, the last are forgotten first. */
  release(blocks: readonly number[]): void {
    for (const block of blocks.toReversed()) {
      if (--this.#holders[block] > 0) continue;
      if (this.#keys[block] === undefined) this.#blank.push(block);
      else this.#idle.add(block);
    }
  }
}

function keyOf(prefix: Prefix, tokens: ArrayLike<number>, start: number): string {
  // A salt is quoted and a name is digits, so no key of one can be a key of the other.
  let key = typeof prefix === "string" ? JSON.stringify(prefix) : String(prefix);
  for (let i = start; i < start + BLOCK_TOKENS; i++) key += `,${tokens[i]}`;
  return key;
}
