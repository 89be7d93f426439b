/** `quern train`: from text to a trained model in a run folder. */
import { join } from "@std/path";
import { batches, evaluationBatches, readTokenizer, type Tokenizer } from "../data/mod.ts";
import { Device } from "../kernels/mod.ts";
import {
  assertSameShape,
  findCheckpoint,
  generate,
  Gpt,
  type GptConfig,
  listCheckpoints,
  PRESETS,
  Trainer,
} from "../model/mod.ts";
import {
  type EventConsumer,
  LogFile,
  MetricsFile,
  PlotFile,
  SamplesFile,
} from "./consumers/mod.ts";
import { Interrupt } from "./interrupt.ts";
import {
  type GivenOptions,
  type OptionValues,
  parseGivenOptions,
  withDefaults,
} from "./options.ts";
import { openProgress } from "./progress.ts";
import { firstTokens } from "./prompt.ts";
import { createRun, newestRun, readRunConfig, RUNS_FOLDER, writeRunConfig } from "./run_folder.ts";
import { assertSameFiles, readTrainData, type TextFile, type TrainData } from "./train_data.ts";
import { TRAIN_OPTIONS } from "./train_options.ts";

export { TRAIN_OPTIONS };

type Options = OptionValues<typeof TRAIN_OPTIONS>;

/** Tokens of the samples that a run writes. */
const SAMPLE_TOKENS = 160;

/**
 * Runs `quern train`.
 *
 * @returns the exit code: 0 done, 130 interrupted
 */
export async function train(args: string[]): Promise<number> {
  using device = await Device.open();
  const run = await openRun(parseGivenOptions(TRAIN_OPTIONS, args));
  const { folder, options, checkpoint } = run;
  const source = checkpoint ??
    (options.from === undefined ? undefined : await findCheckpoint(options.from, "best"));
  const data = await readTrainData(
    options,
    join(folder, "data.txt"),
    source === undefined ? undefined : await readTokenizer(join(source, "tokenizer.json")),
  );
  if (run.files) assertSameFiles(run.files, data.files);
  using model = source === undefined
    ? Gpt.create(device, shapeOf(options, data.tokenizer), options)
    : await Gpt.load(device, source, options);
  if (source) assertSameShape(source, model.config, askedShape(run.asked, model.config));
  model.tokenizer = data.tokenizer.toJson();
  const resolved = {
    ...options,
    ...model.config,
    decayIterations: options.decayIterations ?? options.iterations,
  };
  await writeRunConfig(folder, { ...resolved, files: data.files });
  using trainer = checkpoint === undefined
    ? await Trainer.create(model, resolved)
    : await Trainer.resume(model, checkpoint, resolved);
  return await follow(trainer, data, resolved, folder);
}

interface Run {
  folder: string;
  options: Options;
  /** The options that were asked for, now or when the run began, without defaults. */
  asked: GivenOptions<typeof TRAIN_OPTIONS>;
  /** Newest whole checkpoint of a run that is resumed. */
  checkpoint?: string;
  /** The files a run that is resumed was trained on. */
  files?: TextFile[];
}

/** Makes a new run, or finds the one to go on with. */
async function openRun(given: GivenOptions<typeof TRAIN_OPTIONS>): Promise<Run> {
  const folder = given.resume ? given.out ?? await newestRun() : undefined;
  if (given.resume && folder === undefined) {
    throw new Error(`Cannot resume: ${RUNS_FOLDER}/ holds no run. Start one without --resume.`);
  }
  const saved = folder === undefined ? undefined : await readRunConfig(folder);
  if (folder === undefined || saved === undefined) {
    const options = withDefaults(TRAIN_OPTIONS, given);
    return { folder: await createRun(given.out, options), options, asked: given };
  }
  const known = Object.entries(saved).filter(([name]) => Object.hasOwn(TRAIN_OPTIONS, name));
  const asked = { ...Object.fromEntries(known), ...given };
  return {
    folder,
    asked,
    options: withDefaults(TRAIN_OPTIONS, asked),
    checkpoint: (await listCheckpoints(folder)).at(-1)?.folder,
    files: saved.files as TextFile[] | undefined,
  };
}

/** The shape of a new model. */
function shapeOf(options: Options, tokenizer: Tokenizer): GptConfig {
  const preset = PRESETS[options.model];
  return {
    layers: options.layers ?? preset.layers,
    heads: options.heads ?? preset.heads,
    channels: options.channels ?? preset.channels,
    context: options.context ?? preset.context,
    vocabularySize: tokenizer.vocabularySize,
    dropout: options.dropout,
    bias: options.bias,
    tie: options.tie,
  };
}

/** The shape a loaded model must have: its own, but for what was asked for. */
function askedShape(asked: GivenOptions<typeof TRAIN_OPTIONS>, config: GptConfig): GptConfig {
  const fields = ["layers", "heads", "channels", "context", "bias", "tie"] as const;
  const given = fields.filter((field) => asked[field] !== undefined);
  return { ...config, ...Object.fromEntries(given.map((field) => [field, asked[field]])) };
}

/** Trains, and lets the run's files and the terminal follow. */
async function follow(
  trainer: Trainer,
  data: TrainData,
  options: Options & GptConfig,
  folder: string,
): Promise<number> {
  const { batchSize, accumulationSteps, context, evalBatches, order, seed } = options;
  const { model } = trainer;
  const metrics = join(folder, "metrics.jsonl");
  using stack = new DisposableStack();
  const consumers: EventConsumer[] = [
    stack.use(new MetricsFile(metrics)),
    stack.use(new SamplesFile(join(folder, "samples.md"))),
    stack.use(new LogFile(join(folder, "log.txt"))),
    stack.use(new PlotFile(join(folder, "loss.svg"), metrics)),
    stack.use(openProgress(options)),
  ];
  using interrupt = new Interrupt(() =>
    console.error("\nFinishing this iteration; Ctrl-C again leaves at once.")
  );
  const start = trainer.iteration * accumulationSteps;
  let interrupted = false;
  let sample = "";
  for await (
    const event of trainer.train({
      batches: batches(data.train, { batchSize, context, order, seed, start }),
      ...(data.validation.length < 2 ? {} : {
        validation: () =>
          evaluationBatches(data.validation, { batchSize, context, limit: evalBatches }),
      }),
      sample: () => writeSample(model, data.tokenizer, seed),
      folder,
      signal: interrupt.signal,
    })
  ) {
    for (const consumer of consumers) consumer.consume(event);
    if (event.type === "sample") sample = event.text;
    if (event.type === "end") interrupted = event.interrupted;
  }
  stack.dispose();
  if (interrupted) {
    console.error(`Interrupted and saved. Go on with: deno task train --out ${folder} --resume`);
    return 130;
  }
  if (!options.json) {
    console.log(`${sample}\n\nThe run is in ${folder}. Next:
  deno task generate --from ${folder}
  deno task eval --from ${folder} --data FILE`);
  }
  return 0;
}

async function writeSample(model: Gpt, tokenizer: Tokenizer, seed: number): Promise<string> {
  const ids: number[] = [];
  const options = { tokens: SAMPLE_TOKENS, seed, temperature: 0.8 };
  for await (const id of generate(model, firstTokens(tokenizer), options)) ids.push(id);
  return tokenizer.decode(ids);
}
