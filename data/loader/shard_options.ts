import type { ShardSet } from "../shards/mod.ts";
import { Mixture, temperatureWeights } from "./mixture.ts";

/** A set of shards and its part in the mixture. */
export interface ShardSource {
  /** The shards. */
  set: ShardSet;
  /** Share of the rows, beside the other weights. @default by rows and `temperature` */
  weight?: number;
  /** Times that each of its rows may come. @default no end */
  maxEpochs?: number;
}

/** Options of `shardBatches`. */
export interface ShardBatchesOptions {
  /** Rows of a batch over all ranks, G. */
  batchSize: number;
  /** `shuffled`: each epoch is a new order; `sequential`: as in the shards. @default "shuffled" */
  order?: "shuffled" | "sequential";
  /** Picks the orders; a whole number of at least 0. */
  seed: number;
  /**
   * Shards whose rows are shuffled together; twice as many are held in memory. `full` shuffles all
   * rows and holds all shards. @default 3
   */
  shuffleBlocks?: number | "full";
  /** Weights that are not given are rows^(1/temperature); above 0. @default 1 */
  temperature?: number;
  /**
   * Whether batches tell the documents of their rows; then no token is the target of another
   * document's. @default false
   */
  documentIds?: boolean;
  /** Number of different tokens that a model knows; one beyond is an error. @default any */
  vocabularySize?: number;
  /** Which part of each batch comes, from 0. @default 0 */
  rank?: number;
  /** In how many equal parts batches are cut. @default 1 */
  ranks?: number;
  /** Batches made ahead. @default 2 */
  prefetch?: number;
  /** Index of the first batch: all the state there is. @default 0 */
  start?: number;
}

/**
 * Checks the options of `shardBatches`.
 *
 * @throws {RangeError} where one is out of range or the sets do not fit together
 */
export function assertOptions(
  sources: readonly ShardSource[],
  options: ShardBatchesOptions,
): void {
  const { batchSize, order = "shuffled", seed, shuffleBlocks = 3, documentIds } = options;
  const { rank = 0, ranks = 1, prefetch = 2, start = 0 } = options;
  assertWhole("batchSize", batchSize, 1);
  assertWhole("seed", seed, 0);
  assertWhole("ranks", ranks, 1);
  assertWhole("rank", rank, 0, ranks - 1);
  assertWhole("prefetch", prefetch, 0);
  assertWhole("start", start, 0);
  if (shuffleBlocks !== "full") assertWhole("shuffleBlocks", shuffleBlocks, 1);
  const refuse = (wanted: string, got: unknown): never => {
    throw new RangeError(`Cannot make batches: wanted ${wanted}, got ${got}`);
  };
  if (order !== "shuffled" && order !== "sequential") refuse("order shuffled or sequential", order);
  if (batchSize % ranks !== 0) refuse(`a batchSize that ${ranks} ranks share`, batchSize);
  if (sources.length === 0) refuse("at least one set of shards", "none");
  const [{ set: first }] = sources;
  for (const source of sources) {
    const { set, weight = 1, maxEpochs = 1 } = source;
    if (!(weight > 0 && weight < Infinity)) refuse(`a weight above 0 for ${set.path}`, weight);
    if (!(maxEpochs * set.rows >= 1)) refuse(`maxEpochs above 0 for ${set.path}`, maxEpochs);
    if (set.context !== first.context) {
      refuse(
        `rows of context ${first.context} as in ${first.path}`,
        `${set.context} in ${set.path}`,
      );
    }
    if (documentIds && !set.documentIds) refuse("shards with document ids", `none in ${set.path}`);
    if (set.rows === Infinity) {
      const isFree = source.maxEpochs === undefined &&
        (source.weight !== undefined || sources.length === 1);
      const got = "a set that still grows; await until(Infinity) first";
      if (!isFree) refuse(`a weight and no maxEpochs for ${set.path}`, got);
    } else if (set.rows > 2 ** 32) refuse("at most 2³² rows", `${set.rows} in ${set.path}`);
  }
  const given = sources.filter(({ weight }) => weight !== undefined).length;
  if (given > 0 && given < sources.length) refuse("a weight for each set, or none", `${given}`);
}

/** Checks a whole number. */
export function assertWhole(name: string, value: number, least: number, most = Infinity): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new RangeError(
    `Cannot make batches: ${name} must be a whole number ${range}, got ${value}`,
  );
}

/** The mixture of the sources. */
export function makeMixture(
  sources: readonly ShardSource[],
  { temperature = 1 }: ShardBatchesOptions,
): Mixture {
  const byRows = temperatureWeights(sources.map(({ set }) => set.rows), temperature);
  const alone = sources.length === 1;
  return new Mixture(
    sources.map(({ weight }, i) => alone ? 1 : weight ?? byRows[i]),
    sources.map(rowLimit),
  );
}

/** Rows that a source may give in all. */
export function rowLimit({ set, maxEpochs = Infinity }: ShardSource): number {
  return Math.floor(set.rows * maxEpochs);
}
