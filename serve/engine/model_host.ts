import type { Tokenizer } from "../../data/mod.ts";
import type { Device } from "../../kernels/mod.ts";
import {
  Classifier,
  EncoderDecoder,
  Gpt,
  LORA_LAYERS,
  type QueuedTranslateOptions,
  readAdapter,
  Scheduler,
  type SchedulerOptions,
  type Translation,
  TranslationQueue,
} from "../../model/mod.ts";
import { Grammars } from "../grammar/mod.ts";
import { readModelFolder } from "./model_folder.ts";
import type { EngineStats } from "./engine.ts";
import { NO_STATS } from "./stats.ts";
import type { AdapterSource, EngineSetup, LoadedModel, ModelSource } from "./protocol.ts";

/** Rank that there is room for at least, so that adapters can be added later. */
const LEAST_RANK = 16;

/** Room for adapters: of the highest rank and all layers among those named, or of GPT-2's usual ones. */
async function adapterRoom(
  adapters: readonly AdapterSource[],
  places: number,
): Promise<SchedulerOptions["adapters"]> {
  const count = Math.max(places, adapters.length);
  if (count === 0) return undefined;
  let rank = places > adapters.length ? LEAST_RANK : 1;
  const targets = new Set<string>(places > adapters.length ? LORA_LAYERS : []);
  for (const { folder } of adapters) {
    const { lora } = await readAdapter(folder);
    rank = Math.max(rank, lora.rank);
    lora.targets.forEach((target) => targets.add(target));
  }
  return { count, rank, targets: [...targets] };
}

/** What runs a model: generates, tells the classes that its head is over, or translates by its encoder. */
type Runner = Scheduler | Classifier | TranslationQueue;

/** A model on the GPU and what runs it. */
export class ModelHost {
  private constructor(
    private readonly id: string,
    private readonly runner: Runner,
    /** Compiles formats of answers. */
    readonly grammars: Grammars,
    private readonly places: number,
  ) {}

  /**
   * What generates.
   *
   * @throws {TypeError} where the model writes no text
   */
  get scheduler(): Scheduler {
    if (this.runner instanceof Scheduler) return this.runner;
    throw new TypeError(`Cannot write text with ${this.id}: it was made for something else`);
  }

  /**
   * Embeddings of prompts, or, where the model has a head, their logits.
   *
   * @throws {TypeError} where it has neither
   */
  async vectors(
    prompts: readonly Uint32Array[],
    options: { adapter?: string; signal: AbortSignal },
  ): Promise<Float32Array[]> {
    if (this.runner instanceof Classifier) return await this.runner.logits(prompts, options);
    const { scheduler } = this;
    return await Promise.all(prompts.map((prompt) => scheduler.embed(prompt, options)));
  }

  /**
   * Translations by a model with an encoder.
   *
   * @throws {TypeError} where the model has none
   */
  async translate(
    sources: readonly Uint32Array[],
    options: QueuedTranslateOptions,
  ): Promise<Translation[]> {
    if (this.runner instanceof TranslationQueue) {
      return await this.runner.translate(sources, options);
    }
    throw new TypeError(`Cannot translate with ${this.id}: it has no encoder`);
  }

  /**
   * Loads a model from its folder.
   *
   * @throws {Error} where a file is missing or broken, or the tokenizer does not fit the model
   */
  static async load(device: Device, source: ModelSource, setup: EngineSetup): Promise<ModelHost> {
    const { id, folder } = source;
    const model = await EncoderDecoder.isIn(folder)
      ? await EncoderDecoder.load(device, folder)
      : await Gpt.load(device, folder);
    const { vocabularySize } = model.config;
    const { tokenizer, endTokens } = await readModelFolder(folder, vocabularySize);
    if (tokenizer.vocabularySize > vocabularySize) {
      throw new RangeError(
        `Cannot serve ${folder}: its tokenizer has ${tokenizer.vocabularySize} tokens and its model ` +
          `${vocabularySize}; put the tokenizer there that the model was trained with`,
      );
    }
    const grammars = new Grammars(tokenizer, { endTokens, vocabularySize });
    const runner = await startRunner(model, source, setup, tokenizer);
    return new ModelHost(id, runner, grammars, setup.maxBatch);
  }

  /** What the main thread must know of it. */
  get facts(): LoadedModel {
    const { id, runner: { model } } = this;
    const { context, channels, vocabularySize } = model.config;
    const shape = { id, context, channels, vocabularySize, parameters: model.parameterCount };
    if (model instanceof EncoderDecoder) {
      return { ...shape, task: { name: "translate" }, hasEncoder: true };
    }
    const { head, task } = model.config;
    return { ...shape, ...(head && { head }), ...(task && { task }) };
  }

  /** What it does and has done. */
  get stats(): EngineStats {
    if (this.runner instanceof Classifier) return { ...NO_STATS, steps: this.runner.steps };
    if (this.runner instanceof TranslationQueue) return { ...NO_STATS, ...this.runner.stats };
    const { blocksUsed, blocksTotal, ...same } = this.runner.stats();
    return { ...same, usedBlocks: blocksUsed, blocks: blocksTotal, places: this.places };
  }
}

async function startRunner(
  model: Gpt | EncoderDecoder,
  { id, adapters = [] }: ModelSource,
  { cacheMemoryBytes, maxBatch, models, adapterPlaces = 0 }: EngineSetup,
  tokenizer: Tokenizer,
): Promise<Runner> {
  const writes = model instanceof Gpt && !model.config.head;
  if (!writes && adapters.length > 0) {
    throw new TypeError(
      `Cannot serve the adapter ${adapters[0].id} beside ${id}, which is no model of language; ` +
        "merge it with export and serve that",
    );
  }
  if (model instanceof EncoderDecoder) return new TranslationQueue(model);
  if (model.config.head) return await Classifier.create(model);
  const room = await adapterRoom(adapters, adapterPlaces);
  const scheduler = await Scheduler.create(model, {
    ...(room && { adapters: room }),
    ...{ tokenizer, maxBatch },
    cacheMemoryBytes: cacheMemoryBytes && Math.floor(cacheMemoryBytes / models.length),
  });
  for (const adapter of adapters) await scheduler.addAdapter(adapter.id, adapter.folder);
  return scheduler;
}
