/** Training on shards, on raw data that is read meanwhile, or on several sources by weights. */
import { join } from "@std/path";
import {
  type Batch,
  holdOutRows,
  isGrowing,
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
import { type InputFile, openRaw, type RawData, readRaw } from "./raw_text.ts";
import type { RowOptions, TrainData, TrainDataOptions, TrainRows } from "./train_data.ts";

/** A source of a run, its raw data looked at. */
export interface Input extends DataSource {
  raw?: RawData;
}

/**
 * Looks at the sources of a run. Rows of shards are as they were packed; text is tokenized here or,
 * where it is too large for the memory, while training.
 *
 * @param open finds the tokenizer of a run that has no shards
 * @throws {Error} where the sources do not fit together
 */
export async function openMixture(
  sources: readonly DataSource[],
  options: TrainDataOptions,
  ofCheckpoint: Tokenizer | undefined,
  open: () => Promise<Tokenizer>,
): Promise<TrainData> {
  const validation = await findSources(options.valData, options);
  const tokenizer = await tokenizerOf([...sources, ...validation], options, ofCheckpoint, open);
  const parts = [...sources, ...validation].filter(({ shards }) => !shards).length;
  const lookAt = async (source: DataSource, name: string): Promise<Input> => {
    if (source.shards) return source;
    const reading = { ...options, folder: join(options.tokensFolder, name), parts };
    return { ...source, raw: await readRaw([source.path], tokenizer, reading) };
  };
  const inputs = {
    train: await Array.fromAsync(sources, (source, i) => lookAt(source, `${i}`)),
    validation: await Array.fromAsync(validation, (source, i) => lookAt(source, `validation-${i}`)),
  };
  return await openInputs(inputs, tokenizer, options);
}

/** What a run trains and validates on. */
export interface Inputs {
  train: Input[];
  /** @default the sources' own split, or their end */
  validation: Input[];
}

/** The data of a run whose sources have been looked at. */
export async function openInputs(
  inputs: Inputs,
  tokenizer: Tokenizer,
  options: TrainDataOptions,
): Promise<TrainData> {
  const context = await contextOf(inputs.train, options);
  const files: InputFile[] = [];
  for (const { shards, raw } of [...inputs.train, ...inputs.validation]) {
    if (raw) files.push(...raw.files);
    const set = await shards?.open(context ?? options.defaultContext);
    if (set) files.push({ path: set.path, sha256: set.sha256 });
  }
  const { vocabularySize } = tokenizer;
  return {
    ...{ tokenizer, files, context },
    open: (rows) => openRows(inputs, { ...options, ...rows, vocabularySize }),
  };
}

/** All that the rows of a run depend on. */
type RunOptions = Omit<TrainDataOptions, "context"> & RowOptions & { vocabularySize: number };

async function openRows(inputs: Inputs, options: RunOptions): Promise<TrainRows> {
  using stack = new DisposableStack();
  const { train, held } = await openSets(inputs, options, stack);
  const { batchSize, vocabularySize, evalBatches, shuffle, shuffleBlocks } = options;
  const { readable, length, progress } = shardBatches(train, {
    ...{ batchSize, vocabularySize, documentIds: options.documentMask },
    ...{ order: options.order, seed: options.seed, start: options.start },
    shuffleBlocks: shuffle === "full" ? shuffle : shuffleBlocks,
    temperature: options.mixTemperature,
  });
  if (length < options.batches) {
    throw new RangeError(
      `Cannot train on ${options.batches} batches: the sources have only ${length} within ` +
        "--max-epochs; give fewer --iterations or more epochs",
    );
  }
  const owned = stack.move();
  return {
    ...{ batches: readable, progress },
    ...(held.length > 0 && {
      validation: () => evaluation(held, { batchSize, vocabularySize }, evalBatches),
    }),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** The rows to train on, and those to validate on. */
async function openSets(
  { train, validation }: Inputs,
  options: RunOptions,
  stack: DisposableStack,
): Promise<{ train: ShardSource[]; held: ShardSet[] }> {
  const { context, validationFraction, maxEpochs, shuffle } = options;
  const openSet = async ({ shards, raw }: Input): Promise<ShardSet> => {
    if (shards) return await shards.open(context);
    const { path, tokens, folder } = raw!;
    if (tokens) return tokenSet(tokens, { context, path });
    console.error(`${path} is tokenized while it is read; its tokens are kept in ${folder}`);
    return stack.use(await openRaw(raw!, context));
  };
  const sources: ShardSource[] = [];
  const held: ShardSet[] = [];
  for (const input of train) {
    const set = await openSet(input);
    const { weight } = input;
    const isShared = train.length > 1 && weight === undefined;
    if (shuffle === "full") await growWhole(set, "all its rows are shuffled together");
    else if (maxEpochs || isShared) await growWhole(set, "its number of rows is needed");
    const split = validation.length > 0
      ? { train: set }
      : input.shards?.openValidation
      ? { train: set, validation: await input.shards.openValidation(context) }
      : await splitRows(set, validationFraction);
    sources.push({ set: split.train, weight, maxEpochs });
    if (split.validation) held.push(split.validation);
  }
  for (const input of validation) {
    const set = await openSet(input);
    await growWhole(set, "it is validated on");
    held.push(set);
  }
  return { train: sources, held };
}

/** Has a growing set made to its end. */
async function growWhole(set: ShardSet, why: string): Promise<void> {
  if (!isGrowing(set) || set.rows < Infinity) return;
  console.error(`Tokenizing ${set.path} to its end before training, since ${why} …`);
  await set.until(Infinity);
}

/** Cuts off the end of a set, or of the first shard of one that grows. */
async function splitRows(
  set: ShardSet,
  fraction: number,
): Promise<{ train: ShardSet; validation?: ShardSet }> {
  if (isGrowing(set)) return await holdOutRows(set, fraction);
  const border = Math.floor(set.rows * (1 - fraction) + 1e-6);
  const train = rowRange(set, 0, border);
  return border < set.rows ? { train, validation: rowRange(set, border, set.rows) } : { train };
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

/** The tokens of a row, T, where it is asked for or the shards say it. */
async function contextOf(
  inputs: readonly Input[],
  { context }: TrainDataOptions,
): Promise<number | undefined> {
  if (context !== undefined) return context;
  const shards = inputs.find(({ shards }) => shards?.hasRows)?.shards;
  return (await shards?.open())?.context;
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
  return sources.map(({ path, rows, epochs, exhausted }) => {
    const count = rows > 0 && epochs === 0 ? "in the first epoch" : `${epochs.toFixed(2)} epochs`;
    const end = exhausted ? " (all it may give)" : "";
    return `${path}: ${rows.toLocaleString("en")} rows, ${count}${end}`;
  }).join("\n");
}
