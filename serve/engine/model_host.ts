import type { Device } from "../../kernels/mod.ts";
import { Gpt, Scheduler } from "../../model/mod.ts";
import { Grammars } from "../grammar/mod.ts";
import { readModelFolder } from "./model_folder.ts";
import type { EngineStats } from "./engine.ts";
import type { EngineSetup, LoadedModel, ModelSource } from "./protocol.ts";

/** A model on the GPU and what runs it. */
export class ModelHost {
  #grammars?: Grammars;

  private constructor(
    private readonly id: string,
    private readonly model: Gpt,
    private readonly openGrammars: () => Grammars,
    /** What generates. */
    readonly scheduler: Scheduler,
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
      cacheMemoryBytes: Math.floor(cacheMemoryBytes / models.length),
    });
    const openGrammars = () => new Grammars(tokenizer, { endTokens, vocabularySize });
    return new ModelHost(id, model, openGrammars, scheduler, maxBatch);
  }

  /** Compiles formats of answers; the vocabulary is read when the first one is asked for. */
  get grammars(): Grammars {
    return this.#grammars ??= this.openGrammars();
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
