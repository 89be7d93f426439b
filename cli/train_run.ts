/** Where a run of `quern train` begins: new, or from its newest checkpoint. */
import { join } from "@std/path";
import { readTokenizer, type Tokenizer } from "../data/mod.ts";
import type { Device } from "../kernels/mod.ts";
import {
  assertSameShape,
  findCheckpoint,
  Gpt,
  type GptConfig,
  listCheckpoints,
  PRESETS,
  Trainer,
} from "../model/mod.ts";
import { fetchFrom } from "./checkpoint_options.ts";
import { type MemoryPlan, planMemory } from "./memory_plan.ts";
import { type GivenOptions, type OptionValues, withDefaults } from "./options.ts";
import {
  createRun,
  discardRun,
  newestRun,
  readRunConfig,
  readRunFiles,
  readRunKernels,
  RUNS_FOLDER,
  writeRunConfig,
  writeRunFiles,
  writeRunKernels,
} from "./run_folder.ts";
import { assertSameFiles, readTrainData, type TrainData, type TrainRows } from "./train_data.ts";
import { TRAIN_OPTIONS } from "./train_options.ts";
import { prepareChoices, tuneFirst } from "./train_tuning.ts";

type Given = GivenOptions<typeof TRAIN_OPTIONS>;
type Options = OptionValues<typeof TRAIN_OPTIONS>;

/** A run that is ready to train; owns its model and its trainer. */
export interface TrainRun extends Disposable {
  folder: string;
  /** Every option, resolved. */
  options: Options & Omit<GptConfig, "vocabularySize">;
  trainer: Trainer;
  /** Whether variants of kernels are chosen while it trains. */
  tunes: boolean;
  tokenizer: Tokenizer;
  /** What is still to be read. */
  rows: TrainRows;
}

/**
 * Makes a new run, or goes on with one. A new run that fails here leaves nothing behind.
 *
 * @throws {Error} if the folder already holds a run, or a checkpoint does not fit what is asked for
 * @throws {DataError} if the text cannot be read
 */
export async function openTrainRun(device: Device, given: Given): Promise<TrainRun> {
  const place = await openPlace(given);
  try {
    return await prepare(device, place);
  } catch (error) {
    if (place.isNew) await discardRun(place.folder);
    throw error;
  }
}

interface Place {
  folder: string;
  isNew: boolean;
  options: Options;
  /** The options that were asked for, now or when the run began, without defaults. */
  asked: Given;
  /** Newest whole checkpoint of a run that is resumed. */
  checkpoint?: string;
}

/**
 * Counts the GPU memory that a run would take; makes no run.
 *
 * @throws {Error} if a checkpoint is missing
 * @throws {DataError} if the text cannot be read
 */
export async function planTrainRun(device: Device, given: Given): Promise<MemoryPlan> {
  const { options, checkpoint } = await findRun(given) ??
    { options: withDefaults(TRAIN_OPTIONS, given) };
  const copies = await Deno.makeTempDir();
  try {
    const { source, data } = await readInputs(options, checkpoint, copies);
    const shape = source === undefined
      ? shapeOf(options, data)
      : await Gpt.readConfig(source, options);
    return await planMemory(device, shape, { ...options, decayIterations: options.iterations });
  } finally {
    await Deno.remove(copies, { recursive: true });
  }
}

async function openPlace(given: Given): Promise<Place> {
  const found = await findRun(given);
  if (found) return found;
  const options = withDefaults(TRAIN_OPTIONS, given);
  const folder = await createRun(given.out, settingsOf(options));
  return { folder, isNew: true, options, asked: given };
}

/** The run to go on with; undefined where a new one is asked for, or it was killed at its very start. */
async function findRun(given: Given): Promise<Place | undefined> {
  if (!given.resume) return undefined;
  const folder = given.out ?? await newestRun();
  if (folder === undefined) {
    throw new Error(`Cannot resume: ${RUNS_FOLDER}/ holds no run. Start one without --resume.`);
  }
  const saved = await readRunConfig(folder);
  if (saved === undefined) return undefined;
  const asked: Given = { ...saved, ...given };
  return {
    folder,
    isNew: false,
    asked,
    options: withDefaults(TRAIN_OPTIONS, asked),
    checkpoint: (await listCheckpoints(folder)).at(-1)?.folder,
  };
}

/** The folder that the weights come from, if any, and the data. */
async function readInputs(
  options: Options,
  checkpoint: string | undefined,
  copies: string,
): Promise<{ source: string | undefined; data: TrainData }> {
  const source = checkpoint ??
    (options.from === undefined
      ? undefined
      : await findCheckpoint(await fetchFrom(options.from), "best"));
  const data = await readTrainData(
    {
      ...options,
      defaultContext: PRESETS[options.model].context,
      copy: join(copies, "data.txt"),
      tokensFolder: join(copies, "tokens"),
    },
    source === undefined ? undefined : await readTokenizer(join(source, "tokenizer.json")),
  );
  return { source, data };
}

async function prepare(device: Device, place: Place): Promise<TrainRun> {
  const { folder, options, checkpoint } = place;
  const { source, data } = await readInputs(options, checkpoint, folder);
  const before = await readRunFiles(folder);
  if (before) assertSameFiles(before, data.files);
  using stack = new DisposableStack();
  const model = stack.use(
    source === undefined
      ? Gpt.create(device, shapeOf(options, data), options)
      : await Gpt.load(device, source, options),
  );
  if (source) assertSameShape(source, model.config, askedShape(place.asked, model.config));
  assertSameContext(data.context, model.config.context);
  model.tokenizer = data.tokenizer.toJson();
  const { vocabularySize: _, ...shape } = model.config;
  const resolved = {
    ...options,
    ...shape,
    ...(options.from === undefined || checkpoint ? {} : { from: source }),
    decayIterations: options.decayIterations ?? options.iterations,
    out: folder,
  };
  const kernels = await readRunKernels(folder);
  const tunes = await prepareChoices(device, options.tune, kernels);
  const trainer = stack.use(
    checkpoint === undefined
      ? await Trainer.create(model, resolved)
      : await Trainer.resume(model, checkpoint, resolved),
  );
  const rows = stack.use(
    await data.open({
      ...resolved,
      start: trainer.iteration * resolved.accumulationSteps,
      batches: resolved.iterations * resolved.accumulationSteps,
    }),
  );
  if (!kernels && options.tune === "full") await tuneFirst(device, trainer);
  await writeRunConfig(folder, settingsOf(resolved));
  await writeRunKernels(folder, device.choices.used);
  await writeRunFiles(folder, data.files);
  const owned = stack.move();
  return {
    ...{ folder, options: resolved, trainer, tunes, rows, tokenizer: data.tokenizer },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** Checks that a model that was loaded takes rows as the shards have them. */
function assertSameContext(ofData: number | undefined, ofModel: number): void {
  if (ofData === undefined || ofData === ofModel) return;
  throw new Error(
    `Cannot train on rows of context ${ofData}: the model's context is ${ofModel}; prepare the ` +
      `data with --context ${ofModel}`,
  );
}

/** The options that belong to the run, and not to one call of the command. */
function settingsOf(options: Options) {
  const {
    json: _json,
    resume: _resume,
    dryRun: _dryRun,
    gpuMemory: _gpuMemory,
    profile: _profile,
    ...settings
  } = options;
  return settings;
}

/** The shape of a new model. */
function shapeOf(options: Options, { tokenizer, context }: TrainData): GptConfig {
  const preset = PRESETS[options.model];
  return {
    layers: options.layers ?? preset.layers,
    heads: options.heads ?? preset.heads,
    channels: options.channels ?? preset.channels,
    context: options.context ?? context ?? preset.context,
    vocabularySize: tokenizer.vocabularySize,
    dropout: options.dropout,
    bias: options.bias,
    tie: options.tie,
  };
}

/** The shape a loaded model must have: its own, but for what was asked for. */
function askedShape(asked: Given, config: GptConfig): GptConfig {
  const fields = ["layers", "heads", "channels", "context", "bias", "tie"] as const;
  const given = fields.filter((field) => asked[field] !== undefined);
  return { ...config, ...Object.fromEntries(given.map((field) => [field, asked[field]])) };
}
