/** The model that fine-tuning starts from. */
import { join } from "@std/path";
import {
  byteTokenizer,
  type ChatTemplate,
  chatTemplate,
  readTokenizer,
  type Tokenizer,
} from "../data/mod.ts";
import type { Device } from "../kernels/mod.ts";
import {
  type ClassHead,
  EncoderDecoder,
  Gpt,
  type GptConfig,
  planTraining,
  PRESETS,
  type TrainingMemory,
  type TrainOptions,
} from "../model/mod.ts";
import { openModelFolder } from "./checkpoint_options.ts";
import type { FINETUNE_OPTIONS } from "./finetune_options.ts";
import type { OptionValues } from "./options.ts";
import { findPairBase } from "./pair_model.ts";
import {
  endOfTextText,
  type Task,
  type TaskName,
  type TaskNetwork,
  templateOf,
} from "./tasks/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Values of the options of `quern finetune`. */
export type FinetuneOptions = Omit<OptionValues<typeof FINETUNE_OPTIONS>, "task"> & {
  task: TaskName;
};

/** What is known of a model before it is loaded or made. */
export interface BaseModel {
  /** Its folder; undefined for a new model. */
  folder?: string;
  tokenizer: Tokenizer;
  template: ChatTemplate;
  /** Longest row in tokens. */
  context: number;
  /** Whether an encoder reads what is asked. */
  hasEncoder: boolean;
  /** Whether adapters are trained beside it. */
  isAdapted: boolean;
  /** GPU memory that training it for a task takes. */
  plan(device: Device, task: Task, settings: Partial<TrainOptions>): Promise<TrainingMemory>;
  /**
   * Loads or makes it for a task.
   *
   * @param seed of what is new in it
   * @param checkpoint takes the place of the base in a run that goes on
   */
  open(device: Device, task: Task, seed: number, checkpoint?: string): Promise<TaskNetwork>;
  /** Loads one of its checkpoints. */
  load(device: Device, folder: string): Promise<TaskNetwork>;
}

/** A GPT to start from. */
interface GptBase {
  folder?: string;
  /** Its shape, that of its head left out where it is to get another. */
  config: GptConfig;
  tokenizer: Tokenizer;
  template: ChatTemplate;
  /** `tokenizer_config.json` that names the template. */
  companions: Record<string, string>;
}

const SHAPE = ["layers", "heads", "channels", "context"] as const;

/**
 * Looks up the model that `--from` names, or the shape of a new one.
 *
 * @throws {Error} if there is no such model, or it has no tokenizer
 */
export async function findBase(options: FinetuneOptions): Promise<BaseModel> {
  const { from, checkpoint, architecture } = options;
  const folder = from === undefined ? undefined : await openModelFolder({ from, checkpoint });
  const hasEncoder = folder === undefined
    ? architecture === "encoder-decoder"
    : await EncoderDecoder.isIn(folder);
  if (hasEncoder) return await findPairBase(options, folder);
  const base = await findGpt(options, folder);
  const { tokenizer, template, config } = base;
  return {
    ...{ folder, tokenizer, template, context: config.context },
    hasEncoder: false,
    isAdapted: config.lora !== undefined,
    plan: (device, task, settings) => planTraining(device, shapeFor(base, task), settings),
    open: (device, task, seed, checkpoint) => openBase(device, base, task, seed, checkpoint),
    load: (device, folder) => Gpt.load(device, folder),
  };
}

async function findGpt(options: FinetuneOptions, folder: string | undefined): Promise<GptBase> {
  const { from } = options;
  const lora = loraOf(options);
  if (folder === undefined) {
    if (!lora) return await newBase(options);
    throw new UsageError("--lora-rank adapts a model that is there: name it with --from.");
  }
  if (lora && await Deno.stat(join(folder, "adapter_config.json")).then(() => true, () => false)) {
    throw new UsageError(
      `${folder} is an adapter itself; merge it first: deno task quern export --from ${from} --out DIR`,
    );
  }
  const found = await Gpt.readConfig(folder, { dropout: options.dropout });
  const config = { ...found, ...(lora && { lora }) };
  const tokenizer = await readTokenizer(join(folder, "tokenizer.json"));
  return { folder, config, tokenizer, ...await chooseTemplate(options, tokenizer, folder) };
}

async function newBase(options: FinetuneOptions): Promise<GptBase> {
  const { tokenizer: name, dropout, bias, tie } = options;
  if (name === "char") {
    throw new UsageError(
      "--tokenizer char needs a vocabulary: train a model with it first and name it with --from, or " +
        "make a tokenizer.json with `deno task quern tokenizer train`.",
    );
  }
  const tokenizer = name === "byte" ? byteTokenizer() : await readTokenizer(name);
  const preset = PRESETS[options.model];
  const shape = SHAPE.map((field) => [field, options[field] ?? preset[field]]);
  const config = {
    ...Object.fromEntries(shape) as Pick<GptConfig, typeof SHAPE[number]>,
    ...{ dropout, bias, tie, vocabularySize: tokenizer.vocabularySize },
  };
  return { config, tokenizer, ...await chooseTemplate(options, tokenizer) };
}

/** The template asked for, or the model's, or a plain one; with chat it is kept with the model. */
async function chooseTemplate(
  { template: path, task }: FinetuneOptions,
  tokenizer: Tokenizer,
  folder?: string,
): Promise<{ template: ChatTemplate; companions: Record<string, string> }> {
  const endOfText = endOfTextText(tokenizer);
  const template = path === undefined
    ? await templateOf(tokenizer, folder)
    : chatTemplate(await Deno.readTextFile(path), { endOfText, beginOfText: endOfText, path });
  if (task !== "chat") return { template, companions: {} };
  const before = folder === undefined
    ? "{}"
    : await Deno.readTextFile(join(folder, "tokenizer_config.json")).catch(() => "{}");
  const config = {
    ...JSON.parse(before),
    chat_template: template.source,
    ...(endOfText && { bos_token: endOfText, eos_token: endOfText }),
  };
  const text = JSON.stringify(config, null, 2) + "\n";
  return { template, companions: { "tokenizer_config.json": text } };
}

/** Whether a model's head tells the same classes, so that it need not be made anew. */
function isSameHead(one: ClassHead | undefined, other: ClassHead | undefined): boolean {
  return one !== undefined && one.of === other?.of && !one.multiLabel === !other.multiLabel &&
    one.labels.join("\0") === other.labels.join("\0");
}

/** The shape that a model gets for a task. */
function shapeFor({ config }: GptBase, { spec, head }: Task): GptConfig {
  return { ...config, ...(head && { head }), task: spec };
}

/** The adapters that the options ask for. */
function loraOf({ loraRank: rank, loraAlpha, loraDropout, loraTargets }: FinetuneOptions) {
  if (rank === undefined) return undefined;
  return { rank, alpha: loraAlpha ?? 2 * rank, dropout: loraDropout, targets: loraTargets };
}

/**
 * Loads or makes the model for a task.
 *
 * @param seed of what is new in it
 * @param checkpoint of a run that goes on
 */
async function openBase(
  device: Device,
  base: GptBase,
  task: Task,
  seed: number,
  checkpoint: string | undefined,
): Promise<Gpt> {
  const { spec, head } = task;
  const { folder, config, companions } = base;
  const { dropout, lora } = config;
  const keeps = isSameHead(config.head, head);
  if (folder !== undefined && config.head && !head) {
    throw new UsageError(
      `${folder} tells ${config.head.labels.length} classes and writes no text; start from a model ` +
        "of language.",
    );
  }
  const model = checkpoint !== undefined
    ? await Gpt.load(device, checkpoint, { dropout, task: spec, adapters: "keep" })
    : folder === undefined
    ? Gpt.create(device, shapeFor(base, task), { seed })
    : await Gpt.load(device, folder, {
      ...{ dropout, seed, task: spec, ...(lora && { lora }) },
      ...(head && !keeps && { head }),
    });
  model.tokenizer = base.tokenizer.toJson();
  model.companions = { ...model.companions, ...companions };
  return model;
}
