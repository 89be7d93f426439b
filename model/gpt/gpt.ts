import type { Device } from "../../kernels/mod.ts";
import {
  configFromHuggingFace,
  configToHuggingFace,
  parameterShapes,
  WeightsFile,
  writeWeights,
} from "../checkpoint/mod.ts";
import { assertConfig, type GptConfig } from "../config.ts";
import { type GptParameters, ParameterSet, parameterTree } from "./parameters.ts";
import { normalValues } from "./initialize.ts";

/**
 * A GPT-2 model: its shape and its weights on the GPU.
 *
 * @example
 * ```ts
 * import { Device, Gpt, PRESETS } from "@quern/quern";
 *
 * using device = await Device.open();
 * const shape = { ...PRESETS.nano, vocabularySize: 256, dropout: 0, bias: true, tie: true };
 * using model = Gpt.create(device, shape, { seed: 1 });
 * console.log(model.parameterCount); // 834304
 * ```
 */
export class Gpt implements Disposable {
  /** The weights as a tree. */
  readonly weights: GptParameters;

  private constructor(
    readonly device: Device,
    readonly config: GptConfig,
    /** The weights by Hugging Face name. */
    readonly parameters: ParameterSet,
    /** What `tokenizer.json` of the model's folder holds, if it has one. */
    public tokenizer: Record<string, unknown> | undefined,
  ) {
    this.weights = parameterTree(parameters, config);
  }

  /** Number of weights; a tied output layer counts once. */
  get parameterCount(): number {
    return [...this.parameters.tensors.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Makes a model with GPT-2's initialisation: normal with deviation 0.02, that of residual
   * projections 0.02/√(2L), gains 1, biases 0.
   *
   * Source: Radford et al. 2019, section 2.3; the deviation from OpenAI's released code.
   *
   * @throws {RangeError} if the shape is not possible
   */
  static create(device: Device, config: GptConfig, options: { seed: number }): Gpt {
    const model = Gpt.zeros(device, config);
    const next = normalValues(options.seed);
    for (const { name, shape } of parameterShapes(config)) {
      const tensor = model.parameters.get(name);
      if (shape.length === 1) {
        tensor.write(new Float32Array(tensor.size).fill(name.endsWith(".weight") ? 1 : 0));
      } else {
        const deviation = name.endsWith("c_proj.weight")
          ? 0.02 / Math.sqrt(2 * config.layers)
          : 0.02;
        tensor.write(next(tensor.size, deviation));
      }
    }
    return model;
  }

  /**
   * Makes a model whose weights are all 0, such as one on a device that only plans.
   *
   * @throws {RangeError} if the shape is not possible
   */
  static zeros(device: Device, config: GptConfig): Gpt {
    assertConfig(config);
    return new Gpt(device, config, ParameterSet.create(device, config, "weights"), undefined);
  }

  /**
   * Loads a folder as Hugging Face writes it for `GPT2LMHeadModel`: `config.json`,
   * `model.safetensors` or its shards and their index, and, if there, `tokenizer.json`.
   *
   * @param options.dropout takes the place of the folder's
   * @throws {Error} if a file is missing, broken, or of another architecture
   */
  static async load(
    device: Device,
    folder: string,
    options: { dropout?: number } = {},
  ): Promise<Gpt> {
    const config = await Gpt.readConfig(folder, options);
    using file = await WeightsFile.open(folder, config);
    const parameters = ParameterSet.create(device, config, "weights");
    for (const [name, tensor] of parameters.tensors) tensor.write(await file.read(name));
    await device.check();
    const tokenizer = await readJson(`${folder}/tokenizer.json`).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    return new Gpt(device, config, parameters, tokenizer);
  }

  /**
   * Reads the shape of a model's folder.
   *
   * @param options.dropout takes the place of the folder's
   * @throws {Error} if `config.json` is missing, broken, or of another architecture
   */
  static async readConfig(
    folder: string,
    options: { dropout?: number } = {},
  ): Promise<GptConfig> {
    const path = `${folder}/config.json`;
    const found = configFromHuggingFace(await readJson(path), path);
    return { ...found, dropout: options.dropout ?? found.dropout };
  }

  /** Saves the model to a folder that {@linkcode Gpt.load} and Hugging Face's transformers read. */
  async save(folder: string): Promise<void> {
    await Deno.mkdir(folder, { recursive: true });
    const json = (value: unknown) => JSON.stringify(value, null, 2) + "\n";
    await Deno.writeTextFile(`${folder}/config.json`, json(configToHuggingFace(this.config)));
    await writeWeights(`${folder}/model.safetensors`, this.config, this.parameters.reader());
    if (this.tokenizer) await Deno.writeTextFile(`${folder}/tokenizer.json`, json(this.tokenizer));
  }

  /** Frees the weights. */
  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  const text = await Deno.readTextFile(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path}: it is no JSON (${(error as Error).message})`);
  }
}
