/**
 * Finds the least space that is enough: a stack of things for each space from 0 to `most`, and over
 * the stacks a tree of bits, 32 to a word, that tells which are not empty. Each call is O(log most).
 */
export class SpaceIndex<Thing> {
  #stacks: (Thing[] | undefined)[];
  /** Bit i of level 0 is stack i; bit i of level l + 1 is word i of level l. */
  #levels: Uint32Array[] = [];

  /** @param most largest space there is */
  constructor(most: number) {
    this.#stacks = new Array(most + 1);
    let bits = most + 1;
    do {
      bits = Math.ceil(bits / 32);
      this.#levels.push(new Uint32Array(bits));
    } while (bits > 1);
  }

  /** Adds a thing that has so much space. */
  add(space: number, thing: Thing): void {
    (this.#stacks[space] ??= []).push(thing);
    for (const level of this.#levels) {
      level[space >>> 5] |= 1 << (space & 31);
      space >>>= 5;
    }
  }

  /** Takes out the thing added last among those of the least space that is at least `space`. */
  take(space: number): Thing | undefined {
    const found = this.#next(space);
    if (found < 0) return undefined;
    const stack = this.#stacks[found]!;
    const thing = stack.pop()!;
    if (stack.length === 0) this.#clear(found);
    return thing;
  }

  #clear(space: number): void {
    for (const level of this.#levels) {
      level[space >>> 5] &= ~(1 << (space & 31));
      if (level[space >>> 5] !== 0) return;
      space >>>= 5;
    }
  }

  /** The first stack from `space` on that is not empty; -1 where there is none. */
  #next(space: number): number {
    for (let l = 0; l < this.#levels.length; l++) {
      const word = space >>> 5;
      if (word >= this.#levels[l].length) return -1;
      const rest = this.#levels[l][word] & (-1 << (space & 31));
      if (rest !== 0) return this.#descend(l, word * 32 + lowestBit(rest));
      space = word + 1;
    }
    return -1;
  }

  #descend(level: number, bit: number): number {
    for (let l = level - 1; l >= 0; l--) bit = bit * 32 + lowestBit(this.#levels[l][bit]);
    return bit;
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
