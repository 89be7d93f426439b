import type { Row } from "../packing/mod.ts";
import type { Shard, ShardSet } from "../shards/mod.ts";
import { EpochOrder, type EpochOrderOptions } from "./epoch_order.ts";
import { isGrowing } from "./growing_set.ts";

/** Options of `RowReader`. */
export interface RowReaderOptions extends Omit<EpochOrderOptions, "epoch" | "inOrder"> {
  /** Rows of all epochs that are going to be asked for; Infinity for no end. */
  end: number;
}

/**
 * Reads the rows of a set in the order of its epochs. It holds the shards of the window it is in
 * and reads those of the next one in the background, one at a time; so each shard is read at most
 * once a window, and not again where the next window has it too.
 *
 * The first epoch of a growing set has its shards in the order in which they are made, so that it
 * begins with the first window and is the same whatever is there already.
 */
export class RowReader {
  #set: ShardSet;
  #options: RowReaderOptions;
  #orders = new Map<number, EpochOrder>();
  #shards = new Map<number, Shard | Promise<Shard>>();
  /** Epoch and window of the row asked for last. */
  #at: [epoch: number, window: number] = [-1, -1];
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(set: ShardSet, options: RowReaderOptions) {
    this.#set = set;
    this.#options = options;
  }

  /**
   * Row `index` of all epochs; at once, where its shard is there.
   *
   * @throws {DataError} where its shard cannot be read
   * @throws {TypeError} where the reader is closed
   */
  row(index: number): Row | Promise<Row> {
    if (this.#closed) throw new TypeError("Cannot read a row: the reader is closed");
    const { rows } = this.#set;
    const epoch = Math.floor(index / rows);
    const order = this.#order(epoch);
    const at = index - (epoch > 0 ? epoch * rows : 0);
    if (at >= order.rows) return this.#waitForRow(index, order);
    const place = order.place(at);
    this.#enter(epoch, order.windowOf(at));
    const shard = this.#shards.get(place.shard)!;
    if (!(shard instanceof Promise)) return shard.row(place.row);
    return shard.then((shard) => shard.row(place.row));
  }

  /** Lets go of all shards; reads none from now on. */
  close(): void {
    this.#closed = true;
    this.#shards.clear();
  }

  /** A row beyond those windows of a growing set that are whole. */
  async #waitForRow(index: number, { windows }: EpochOrder): Promise<Row> {
    const set = this.#set;
    if (isGrowing(set)) await set.until((windows + 1) * this.#options.shuffleBlocks);
    if (set.rows > 0) return await this.row(index);
    throw new RangeError(
      `Cannot make a row of ${set.context + 1} tokens of ${set.path}: it has fewer; give more ` +
        "text or a smaller context",
    );
  }

  /** Shards whose windows are whole: all of a set that does not grow. */
  get #wholeShards(): number {
    const { rows, shards: { length } } = this.#set;
    return rows < Infinity ? length : length - length % this.#options.shuffleBlocks;
  }

  #order(epoch: number): EpochOrder {
    const count = this.#wholeShards;
    let order = this.#orders.get(epoch);
    if (order?.shards !== count) {
      const rows = this.#set.shards.slice(0, count).map((shard) => shard.rows);
      const inOrder = epoch === 0 && isGrowing(this.#set);
      order = new EpochOrder(rows, { ...this.#options, epoch, inOrder });
      this.#orders.set(epoch, order);
    }
    return order;
  }

  #enter(epoch: number, window: number): void {
    if (epoch === this.#at[0] && window === this.#at[1]) return;
    this.#at = [epoch, window];
    for (const known of this.#orders.keys()) {
      if (known < epoch || known > epoch + 1) this.#orders.delete(known);
    }
    const wanted = new Set([
      ...this.#order(epoch).shardsOf(window),
      ...this.#shardsBehind(epoch, window),
    ]);
    for (const shard of this.#shards.keys()) if (!wanted.has(shard)) this.#shards.delete(shard);
    for (const shard of wanted) if (!this.#shards.has(shard)) this.#load(shard);
  }

  /** Shards of the next window; of a growing set also some that may never be. */
  #shardsBehind(epoch: number, window: number): number[] {
    const order = this.#order(epoch);
    if (window + 1 < order.windows) return order.shardsOf(window + 1);
    if (this.#set.rows === Infinity) {
      const { shuffleBlocks } = this.#options;
      return Array.from({ length: shuffleBlocks }, (_, i) => order.shards + i);
    }
    const isLast = (epoch + 1) * this.#set.rows >= this.#options.end;
    return isLast ? [] : this.#order(epoch + 1).shardsOf(0);
  }

  #load(index: number): void {
    const read = this.#queue.then(async () => {
      if (this.#shards.get(index) !== read) throw new Error("No longer wanted");
      const shard = await this.#set.read(index);
      if (this.#shards.get(index) === read) this.#shards.set(index, shard);
      return shard;
    });
    // Whoever waits for the shard gets the error; ahead of that nobody does.
    this.#queue = read.catch(() => {});
    this.#shards.set(index, read);
  }
}
