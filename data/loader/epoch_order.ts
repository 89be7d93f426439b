import { permutation } from "./permutation.ts";

/** Where a row is. */
export interface RowPlace {
  shard: number;
  /** From the shard's first. */
  row: number;
}

/** Options of `EpochOrder`. */
export interface EpochOrderOptions {
  /** Shards whose rows are shuffled together; Infinity for all. */
  shuffleBlocks: number;
  /** Whether rows are shuffled at all. */
  shuffled: boolean;
  /** Whether the shards stay in their order and only rows are shuffled. @default false */
  inOrder?: boolean;
  /** The order is a function of these, the epoch and the numbers of rows, and of nothing else. */
  seed: number;
  epoch: number;
  /** Tells sets that are mixed apart. */
  source: number;
}

/**
 * The order of the rows of one epoch, each exactly once: the shards are permuted, then the rows
 * within windows of neighbours. Any place is computed on its own; nothing is stored but the first
 * row of each window.
 */
export class EpochOrder {
  #rows: readonly number[];
  #options: EpochOrderOptions;
  /** The shards in their order. */
  #shards: number[];
  /** First row of each window, and the end. */
  #starts: number[] = [0];
  /** The permutation of the window asked for last. */
  #window = -1;
  #permute: (index: number) => number = (index) => index;

  /** @param rows number of rows of each shard */
  constructor(rows: readonly number[], options: EpochOrderOptions) {
    const { shuffleBlocks, shuffled, inOrder, seed, epoch, source } = options;
    this.#rows = rows;
    this.#options = options;
    const permute = permutation(rows.length, seed, epoch, source);
    this.#shards = rows.map((_, i) => shuffled && !inOrder ? permute(i) : i);
    let end = 0;
    this.#shards.forEach((shard, i) => {
      end += rows[shard];
      if ((i + 1) % shuffleBlocks === 0 || i + 1 === rows.length) this.#starts.push(end);
    });
  }

  /** Number of windows. */
  get windows(): number {
    return this.#starts.length - 1;
  }

  /** Number of shards. */
  get shards(): number {
    return this.#shards.length;
  }

  /** Number of rows. */
  get rows(): number {
    return this.#starts[this.windows];
  }

  /** Shards of a window. */
  shardsOf(window: number): number[] {
    const { shuffleBlocks } = this.#options;
    if (shuffleBlocks === Infinity) return this.#shards;
    return this.#shards.slice(window * shuffleBlocks, (window + 1) * shuffleBlocks);
  }

  /** The window of row `index` of the epoch. */
  windowOf(index: number): number {
    let low = 0;
    let high = this.windows - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle + 1] > index) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Where row `index` of the epoch is. */
  place(index: number): RowPlace {
    const { shuffled, seed, epoch, source } = this.#options;
    const window = this.windowOf(index);
    const start = this.#starts[window];
    if (shuffled && window !== this.#window) {
      const rows = this.#starts[window + 1] - start;
      this.#permute = permutation(rows, seed, epoch, source, window);
      this.#window = window;
    }
    let row = this.#permute(index - start);
    for (const shard of this.shardsOf(window)) {
      if (row < this.#rows[shard]) return { shard, row };
      row -= this.#rows[shard];
    }
    throw new RangeError(`Cannot place a row: wanted one of the epoch, got ${index}`);
  }
}
