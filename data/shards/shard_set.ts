import type { Row } from "../packing/mod.ts";

/** A set of rows on a disk, in shards that are read one at a time. */
export interface ShardSet {
  /** As the user named it. */
  readonly path: string;
  /** Rows of all shards. */
  readonly rows: number;
  /** Tokens of a row but one, T. */
  readonly context: number;
  /** Type of a token id. */
  readonly dtype: "uint16" | "uint32";
  /** Whether rows come with document ids. */
  readonly documentIds: boolean;
  /** Whether rows come with weights. */
  readonly weights: boolean;
  /** The shards in order. */
  readonly shards: readonly ShardSize[];
  /** Tells the set from others, in hexadecimal: the hash of its list of hashes where it has one. */
  readonly sha256: string;
  /**
   * Reads a shard and checks its hash.
   *
   * @throws {DataError} where it is missing, cut short or not what its hash says
   */
  read(shard: number): Promise<Shard>;
}

/** How large a shard is. */
export interface ShardSize {
  /** Number of rows. */
  readonly rows: number;
  /** In memory. */
  readonly bytes: number;
  /** On the disk. */
  readonly fileBytes: number;
}

/** A shard in memory. */
export interface Shard {
  /** Number of rows. */
  readonly rows: number;
  /** A row, from 0; it may be a view of the shard's memory, so it must not be changed. */
  row(index: number): Row;
}
