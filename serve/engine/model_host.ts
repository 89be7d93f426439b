import type { Device } from "../../kernels/mod.ts";
import { Classifier, Gpt, Scheduler } from "../../model/mod.ts";
import { Grammars } from "../grammar/mod.ts";
import { readModelFolder } from "./model_folder.ts";
import type { EngineStats } from "./engine.ts";
import { NO_STATS } from "./stats.ts";
import type { EngineSetup, LoadedModel, ModelSource } from "./protocol.ts";

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
  async vectors(prompts: readonly Uint32Array[], signal: AbortSignal): Promise<Float32Array[]> {
    const { runner } = this;
    if (runner instanceof Classifier) return await runner.logits(prompts);
    return await Promise.all(prompts.map((prompt) => runner.embed(prompt, signal)));
  }

  /**
   * Loads a model from its folder.
   *
   * @throws {Error} where a file is missing or broken, or the tokenizer does not fit the model
   */
  static async load(
    device: Device,
    { id, folder }: ModelSource,
    { cacheMemoryBytes, maxBatch, models }: EngineSetup,
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
    const scheduler = await Scheduler.create(model, {
      ...{ tokenizer, maxBatch },
      cacheMemoryBytes: cacheMemoryBytes && Math.floor(cacheMemoryBytes / models.length),
    });
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
