/** `quern bench`: how fast every op and whole steps are, beside what the adapter and others can do. */
import { type Preset, PRESETS } from "../model/mod.ts";
import { type Contender, TURNS_MS, type WorkSizes } from "./bench/contender.ts";
import { openJax } from "./bench/jax.ts";
import { benchKernels } from "./bench/kernels.ts";
import { benchDecoding, benchTraining } from "./bench/steps.ts";
import { describeDecoding, describeTraining, KERNEL_HEADING, kernelRow } from "./bench/table.ts";
import { openTorch } from "./bench/torch.ts";
import { openDevice, TUNE_OPTION } from "./kernel_choices.ts";
import { prepareChoices, tuneNow } from "./train_tuning.ts";
import { measureSpeed } from "./gpu_speed.ts";
import { defineOptions, parseOptions } from "./options.ts";
import { UsageError } from "./usage_error.ts";

/** The sizes at which ops are timed: a batch that a step of this model may have. */
const MODELS = {
  nano: { B: 12, T: 64, C: 128, heads: 4, V: 65 },
  micro: { B: 2, T: 256, C: 384, heads: 6, V: 8192 },
  gpt2: { B: 1, T: 1024, C: 768, heads: 12, V: 50257 },
} as const satisfies Partial<Record<Preset, WorkSizes>>;

/** Further sizes of ops, which are not a model's: with them `projection` is 768×512×512 and 3072×768×768. */
const SHAPES = {
  "768x512": { B: 12, T: 64, C: 512, heads: 8, V: 512 },
  "3072x768": { B: 48, T: 64, C: 768, heads: 12, V: 512 },
} as const satisfies Record<string, WorkSizes>;

type Model = keyof typeof MODELS;
const MODEL_NAMES = Object.keys(MODELS) as Model[];
const SIZES: Record<string, WorkSizes> = { ...MODELS, ...SHAPES };

/** Numbers of sequences that are decoded at once. */
const SEQUENCES = [1, 32];

/** Operations of a training step, in seconds of the adapter's multiply-adds, that are still timed. */
const MOST_STEP_SECONDS = 2;

/** Options of `quern bench`. */
export const BENCH_OPTIONS = defineOptions({
  models: {
    type: "strings",
    choices: Object.keys(SIZES),
    defaultHelp: MODEL_NAMES.join(", "),
    help: "Models, or other sizes, whose ops are timed; may be repeated.",
  },
  ops: {
    type: "string",
    unit: "REGEX",
    default: "",
    help: "Only ops whose name matches; ^$ for whole steps alone.",
  },
  steps: {
    type: "boolean",
    negatable: true,
    default: true,
    help: "Time whole training and decoding steps, where one does not take very long.",
  },
  ...TUNE_OPTION,
  rounds: {
    type: "integer",
    min: 1,
    default: 5,
    help: `Turns of which the median counts; fewer where all would take over ${TURNS_MS / 1000} s.`,
  },
  others: {
    type: "boolean",
    negatable: true,
    default: true,
    help: "Compare with PyTorch on the CPU and jax-js on the GPU, in turn, where they are there.",
  },
});

/**
 * Runs `quern bench`: a table, and JSON as the last line.
 *
 * @returns the exit code: 0, or 1 where an op's result is not its reference's; such a one is not timed
 */
export async function bench(args: string[]): Promise<number> {
  const options = parseOptions(BENCH_OPTIONS, args);
  const sizes = options.models.length > 0 ? options.models : MODEL_NAMES;
  const models = MODEL_NAMES.filter((name) => sizes.includes(name));
  const ops = regexOf(options.ops);
  using device = await openDevice();
  await using stack = new AsyncDisposableStack();
  const contenders: Contender[] = [];
  for (const open of options.others ? [openTorch, openJax] : []) {
    const contender = await open();
    if (contender) contenders.push(stack.use(contender));
  }
  await prepareChoices(device, options.tune, undefined);
  const tune = () => tuneNow(device, options.tune);
  const speed = await measureSpeed(device);
  const about = {
    date: new Date().toISOString().slice(0, 10),
    deno: Deno.version.deno,
    adapter: device.adapter.info.description || device.adapter.info.device,
    others: contenders.map(({ name }) => name),
    rounds: options.rounds,
    tune: options.tune,
    ...speed,
  };
  console.log(
    `${about.date}, ${about.adapter}, Deno ${about.deno}, medians of up to ${options.rounds} rounds in turn with ` +
      `${about.others.join(" and ") || "no other"}\n` +
      `peak: ${speed.fmaGflops.toFixed(0)} GFLOP/s of multiply-adds in registers, ` +
      `${speed.copyGigabytesPerSecond.toFixed(1)} GB/s of a copy\n\n${KERNEL_HEADING}`,
  );
  const results: unknown[] = [];
  let wrong = false;
  const settings = { rounds: options.rounds, contenders, tune };
  for (const name of sizes) {
    const kernels = benchKernels(device, name, SIZES[name], { ...settings, speed, ops });
    for await (const result of kernels) {
      console.log(kernelRow(result));
      results.push(result);
      wrong ||= "fault" in result;
    }
  }
  for (const model of options.steps ? models : []) {
    if (stepOperations(model) / 1e9 / speed.fmaGflops > MOST_STEP_SECONDS) {
      console.log(`\n${model}: a training step would take very long on this adapter`);
      continue;
    }
    const training = await benchTraining(device, model, MODELS[model], settings);
    console.log(`\n${describeTraining(training)}`);
    results.push(training);
    for (const sequences of SEQUENCES) {
      const decoding = await benchDecoding(device, model, MODELS[model].V, {
        ...settings,
        sequences,
      });
      console.log(describeDecoding(decoding));
      results.push(decoding);
    }
  }
  console.log(JSON.stringify({ bench: "gpu", ...about, results }));
  return wrong ? 1 : 0;
}

/** Floating-point operations of a training step: 6 for each weight and token. */
function stepOperations(model: Model): number {
  const { B, T, C, V } = MODELS[model];
  const { layers } = PRESETS[model];
  return 6 * B * T * (12 * layers * C * C + V * C);
}

function regexOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(`--ops must be a regular expression: ${(error as Error).message}`);
  }
}
