import type { ShardSet } from "../shards/mod.ts";

/**
 * A set of rows whose shards are made one after another while it is read. `shards` are those made so
 * far and `rows` is Infinity, until its end is reached.
 */
export interface GrowingSet extends ShardSet {
  /**
   * Has shards made until there are so many, or until the end of the set.
   *
   * @throws {DataError} where its sources cannot be read
   */
  until(shards: number): Promise<void>;
}

/** Whether a set grows while it is read. */
export function isGrowing(set: ShardSet): set is GrowingSet {
  return "until" in set;
}
