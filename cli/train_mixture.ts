/** Training on shards, or on several sources by weights. */
import {
  type Batch,
  openShards,
  rowRange,
  shardBatches,
  shardEvaluationBatches,
  type ShardSet,
  type ShardSource,
  type SourceProgress,
  type Tokenizer,
  tokenSet,
} from "../data/mod.ts";
import { type DataSource, findSources, sharedTokenizer } from "./data_sources.ts";
import { readTokens, type TextFile } from "./raw_text.ts";
import { UsageError } from "./usage_error.ts";
import type { RowOptions, TrainData, TrainDataOptions, TrainRows } from "./train_data.ts";

/**
 * Opens the sources of a run. Rows of shards are as they were packed; text is tokenized here, before
 * training begins.
 *
 * @param open finds the tokenizer of a run that has no shards
 * @throws {Error} where the sources do not fit together
 */
export async function openMixture(
  sources: readonly DataSource[],
  options: TrainDataOptions,
  tokenizer: Tokenizer | undefined,
  open: () => Promise<Tokenizer>,
): Promise<TrainData> {
  const validation = await findSources(options.valData);
  const chosen = await tokenizerOf([...sources, ...validation], options, tokenizer, open);
  const context = await contextOf(sources, options);
  const files: TextFile[] = [];
  const openSet = async (source: DataSource): Promise<ShardSet> => {
    if (source.shards) {
      const set = await openShards(source.shards.path, { context });
      files.push({ path: set.path, sha256: set.sha256 });
      return set;
    }
    const text = await readTokens([source.path], chosen, options);
    files.push(...text.files);
    return tokenSet(text.tokens, { context, path: source.path });
  };
  const train: ShardSource[] = [];
  const held: ShardSet[] = [];
  for (const source of sources) {
    const set = await openSet(source);
    const own = source.shards?.validation;
    const { weight } = source;
    const { maxEpochs } = options;
    if (validation.length > 0 || own !== undefined) {
      train.push({ set, weight, maxEpochs });
      if (validation.length === 0) held.push(await openShards(own!, { context }));
      continue;
    }
    const border = Math.floor(set.rows * (1 - options.validationFraction) + 1e-6);
    train.push({ set: rowRange(set, 0, border), weight, maxEpochs });
    if (border < set.rows) held.push(rowRange(set, border, set.rows));
  }
  for (const source of validation) held.push(await openSet(source));
  return {
    ...{ tokenizer: chosen, files, context },
    open: (rows) => openRows(train, held, rows, chosen.vocabularySize, options),
  };
}

function openRows(
  train: readonly ShardSource[],
  held: readonly ShardSet[],
  rows: RowOptions,
  vocabularySize: number,
  { shuffleBlocks, mixTemperature }: TrainDataOptions,
): TrainRows {
  const { order, seed, batchSize, start } = rows;
  const { readable, length, progress } = shardBatches(train, {
    ...{ order, seed, batchSize, start, vocabularySize },
    shuffleBlocks: parseShuffleBlocks(shuffleBlocks),
    temperature: mixTemperature,
  });
  if (length < rows.batches) {
    throw new RangeError(
      `Cannot train on ${rows.batches} batches: the sources have only ${length} within ` +
        "--max-epochs; give fewer --iterations or more epochs",
    );
  }
  return {
    ...{ batches: readable, progress },
    ...(held.length > 0 && {
      validation: () => evaluation(held, { batchSize, vocabularySize }, rows.evalBatches),
    }),
  };
}

function parseShuffleBlocks(text: string): number | "full" {
  if (text === "full") return text;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError(
    `--shuffle-blocks must be a whole number of at least 1, or full, got "${text}".`,
  );
}

/** Each set's rows, or of each its part of `limit` batches. */
function evaluation(
  sets: readonly ShardSet[],
  options: { batchSize: number; vocabularySize: number },
  limit: number | undefined,
): ReadableStream<Batch> {
  const all = sets.reduce((sum, { rows }) => sum + rows, 0);
  async function* read(): AsyncGenerator<Batch> {
    for (const set of sets) {
      const part = limit === undefined ? undefined : Math.ceil(limit * set.rows / all);
      yield* shardEvaluationBatches(set, { ...options, limit: part });
    }
  }
  return ReadableStream.from(read());
}

/** The tokens of a row, T: as in the shards where they say it. */
async function contextOf(
  sources: readonly DataSource[],
  { context, defaultContext }: TrainDataOptions,
): Promise<number> {
  if (context !== undefined) return context;
  for (const { shards } of sources) {
    const set = shards && await openShards(shards.path).catch((error) => {
      // A file of tokens has no rows of its own.
      if (!(error instanceof RangeError)) throw error;
    });
    if (set) return set.context;
  }
  return defaultContext;
}

/** The one tokenizer of all shards and of the checkpoint. */
async function tokenizerOf(
  sources: readonly DataSource[],
  { tokenizer: name }: TrainDataOptions,
  ofCheckpoint: Tokenizer | undefined,
  open: () => Promise<Tokenizer>,
): Promise<Tokenizer> {
  const shared = await sharedTokenizer(
    sources,
    ofCheckpoint && { tokenizer: ofCheckpoint, of: "the checkpoint" },
  );
  if (shared) return shared;
  const foreign = sources.find(({ shards }) => shards);
  if (foreign && (name === "byte" || name === "char")) {
    throw new Error(
      `Cannot train on ${foreign.path}: it holds tokens and no tokenizer.json; name the tokenizer ` +
        "that made them with --tokenizer FILE",
    );
  }
  return await open();
}

/** A line for each source: rows and epochs so far. */
export function describeProgress(sources: readonly SourceProgress[]): string {
  return sources.map(({ path, rows, epochs, exhausted }) =>
    `${path}: ${rows.toLocaleString("en")} rows, ${epochs.toFixed(2)} epochs${
      exhausted ? " (all it may give)" : ""
    }`
  ).join("\n");
}
