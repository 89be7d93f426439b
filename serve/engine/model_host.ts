import type { Device } from "../../kernels/mod.ts";
import {
  Classifier,
  Gpt,
  LORA_LAYERS,
  readAdapter,
  Scheduler,
  type SchedulerOptions,
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

/** A model on the GPU and what runs it. */
export class ModelHost {
  private constructor(
    private readonly id: string,
    private readonly model: Gpt,
    /** What generates, or what tells classes where the model has a head. */
    private readonly runner: Scheduler | Classifier,
    /** Compiles formats of answers. */
    readonly grammars: Grammars,
    private readonly places: number,
  ) {}

  /**
   * What generates.
   *
   * @throws {TypeError} where the model tells classes
   */
  get scheduler(): Scheduler {
    if (this.runner instanceof Scheduler) return this.runner;
    throw new TypeError(`Cannot write text with ${this.id}: it tells classes`);
  }

  /** Embeddings of prompts, or, where the model has a head, their logits. */
  async vectors(
    prompts: readonly Uint32Array[],
    options: { adapter?: string; signal: AbortSignal },
  ): Promise<Float32Array[]> {
    const { runner } = this;
    if (runner instanceof Classifier) return await runner.logits(prompts);
    return await Promise.all(prompts.map((prompt) => runner.embed(prompt, options)));
  }

  /**
   * Loads a model from its folder.
   *
   * @throws {Error} where a file is missing or broken, or the tokenizer does not fit the model
   */
  static async load(
    device: Device,
    { id, folder, adapters = [] }: ModelSource,
    { cacheMemoryBytes, maxBatch, models, adapterPlaces = 0 }: EngineSetup,
  ): Promise<ModelHost> {
    const model = await Gpt.load(device, folder);
    const { vocabularySize } = model.config;
    const { tokenizer, endTokens } = await readModelFolder(folder, vocabularySize);
    if (tokenizer.vocabularySize > vocabularySize) {
      throw new RangeError(
        `Cannot serve ${folder}: its tokenizer has ${tokenizer.vocabularySize} tokens and its model ` +
          `${vocabularySize}; put the tokenizer there that the model was trained with`,
      );
    }
    const grammars = new Grammars(tokenizer, { endTokens, vocabularySize });
    if (model.config.head) {
      return new ModelHost(id, model, await Classifier.create(model), grammars, maxBatch);
    }
    const room = await adapterRoom(adapters, adapterPlaces);
    const scheduler = await Scheduler.create(model, {
      ...(room && { adapters: room }),
      ...{ tokenizer, maxBatch },
      cacheMemoryBytes: cacheMemoryBytes && Math.floor(cacheMemoryBytes / models.length),
    });
    for (const adapter of adapters) await scheduler.addAdapter(adapter.id, adapter.folder);
    return new ModelHost(id, model, scheduler, grammars, maxBatch);
  }

  /** What the main thread must know of it. */
  get facts(): LoadedModel {
    const { context, channels, vocabularySize, head, task } = this.model.config;
    return {
      id: this.id,
      ...{ context, channels, vocabularySize, parameters: this.model.parameterCount },
      ...(head && { head }),
      ...(task && { task }),
    };
  }

  /** What it does and has done. */
  get stats(): EngineStats {
    if (this.runner instanceof Classifier) return NO_STATS;
    const { blocksUsed, blocksTotal, ...same } = this.runner.stats();
    return { ...same, usedBlocks: blocksUsed, blocks: blocksTotal, places: this.places };
  }
}
