import type { Row } from "../packing/mod.ts";
import type { Shard, ShardSet } from "../shards/mod.ts";
import { EpochOrder, type EpochOrderOptions } from "./epoch_order.ts";

/** Options of `RowReader`. */
export interface RowReaderOptions extends Omit<EpochOrderOptions, "epoch"> {
  /** Rows of all epochs that are going to be asked for; Infinity for no end. */
  end: number;
}

/**
 * Reads the rows of a set in the order of its epochs. It holds the shards of the window it is in
 * and reads those of the next one in the background, one at a time; so each shard is read at most
 * once a window, and not again where the next window has it too.
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
    const epoch = Math.floor(index / this.#set.rows);
    const order = this.#order(epoch);
    const place = order.place(index % this.#set.rows);
    this.#enter(epoch, order.windowOf(index % this.#set.rows));
    const shard = this.#shards.get(place.shard)!;
    if (!(shard instanceof Promise)) return shard.row(place.row);
    return shard.then((shard) => shard.row(place.row));
  }

  /** Lets go of all shards; reads none from now on. */
  close(): void {
    this.#closed = true;
    this.#shards.clear();
  }

  #order(epoch: number): EpochOrder {
    let order = this.#orders.get(epoch);
    if (!order) {
      const rows = this.#set.shards.map((shard) => shard.rows);
      order = new EpochOrder(rows, { ...this.#options, epoch });
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
    const order = this.#order(epoch);
    const next = window + 1 < order.windows
      ? order.shardsOf(window + 1)
      : (epoch + 1) * this.#set.rows < this.#options.end
      ? this.#order(epoch + 1).shardsOf(0)
      : [];
    const wanted = new Set([...order.shardsOf(window), ...next]);
    for (const shard of this.#shards.keys()) if (!wanted.has(shard)) this.#shards.delete(shard);
    for (const shard of wanted) if (!this.#shards.has(shard)) this.#load(shard);
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
