import type { Device } from "../../kernels/mod.ts";
import { Gpt, Scheduler } from "../../model/mod.ts";
import { Grammars } from "../grammar/mod.ts";
import { readModelFolder } from "./model_folder.ts";
import type { EngineStats } from "./engine.ts";
import type { EngineSetup, LoadedModel, ModelSource } from "./protocol.ts";

/** A model on the GPU and what runs it. */
export class ModelHost {
  private constructor(
    private readonly id: string,
    private readonly model: Gpt,
    /** What generates. */
    readonly scheduler: Scheduler,
    /** Compiles formats of answers. */
    readonly grammars: Grammars,
    private readonly places: number,
  ) {}

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
    const scheduler = await Scheduler.create(model, {
      ...{ tokenizer, maxBatch },
      cacheMemoryBytes: cacheMemoryBytes && Math.floor(cacheMemoryBytes / models.length),
    });
    const grammars = new Grammars(tokenizer, { endTokens, vocabularySize });
    return new ModelHost(id, model, scheduler, grammars, maxBatch);
  }

  /** What the main thread must know of it. */
  get facts(): LoadedModel {
    const { context, channels, vocabularySize } = this.model.config;
    return {
      id: this.id,
      ...{ context, channels, vocabularySize, parameters: this.model.parameterCount },
    };
  }

  /** What it does and has done. */
  get stats(): EngineStats {
    const { blocksUsed, blocksTotal, ...same } = this.scheduler.stats();
    return { ...same, usedBlocks: blocksUsed, blocks: blocksTotal, places: this.places };
  }
}
