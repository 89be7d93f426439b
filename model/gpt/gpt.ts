import type { Device } from "../../kernels/mod.ts";
import {
  AdapterFile,
  configFromHuggingFace,
  configToHuggingFace,
  hasAdapter,
  type ParameterShape,
  parameterShapes,
  WeightsFile,
  writeAdapter,
  writeWeights,
} from "../checkpoint/mod.ts";
import type { Network, Passes, PassOptions } from "../network.ts";
import {
  assertConfig,
  type ClassHead,
  type GptConfig,
  type LoraConfig,
  type ModelTask,
} from "../config.ts";
import { type GptParameters, ParameterSet, parameterTree } from "./parameters.ts";
import { normalValues } from "./initialize.ts";
import { gptPasses } from "./passes.ts";
import type { TensorMaker } from "./shared_tensors.ts";

/** Options of {@linkcode Gpt.load}. */
export interface LoadOptions {
  /** Share of activations that training drops. @default the folder's */
  dropout?: number;
  /** A new head in place of the folder's output layer or head. @default the folder's */
  head?: ClassHead;
  /** What it is to be fine-tuned for. @default the folder's */
  task?: ModelTask;
  /** New adapters, beside which the weights stay as they are. @default none */
  lora?: LoraConfig;
  /** What becomes of the adapters of a folder: part of the weights, or trained on. @default "merge" */
  adapters?: "merge" | "keep";
  /** Seed of the new head's weights. @default 1 */
  seed?: number;
}

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
export class Gpt implements Network {
  /** Texts of the files beside the tokenizer, such as that of the chat template, by their names. */
  companions: Readonly<Record<string, string>> = {};
  /** Folder of the model that its adapters are for, where it has some. */
  base = "";
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

  /** The parameters in the order of the forward pass. */
  get shapes(): ParameterShape[] {
    return parameterShapes(this.config);
  }

  /** Allocates what passes over batches of a shape need. */
  passes(tensors: TensorMaker, options: PassOptions): Passes {
    return gptPasses(this, tensors, options);
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
    const values = initialValues(config, options.seed);
    for (const { name } of parameterShapes(config)) {
      const tensor = model.parameters.get(name);
      tensor.write(values(name, tensor.size));
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
    const parameters = ParameterSet.create(device, parameterShapes(config), "weights");
    return new Gpt(device, config, parameters, undefined);
  }

  /**
   * Loads a folder as Hugging Face writes it for `GPT2LMHeadModel`, or a GPT-2 with a head over texts
   * or tokens: `config.json`, `model.safetensors` or its shards and their index, and, if there,
   * `tokenizer.json`.
   *
   * @throws {Error} if a file is missing, broken, or of another architecture
   */
  static async load(device: Device, folder: string, options: LoadOptions = {}): Promise<Gpt> {
    const found = await Gpt.readConfig(folder);
    const config = await Gpt.readConfig(folder, options);
    const keeps = options.lora === undefined && config.lora !== undefined;
    using file = await WeightsFile.open(folder, {
      ...found,
      lora: keeps ? config.lora : undefined,
    });
    const parameters = ParameterSet.create(device, parameterShapes(config), "weights");
    const values = initialValues(config, options.seed ?? 1);
    const isNew = (name: string) =>
      (options.head !== undefined && HEAD.test(name)) ||
      (options.lora !== undefined && ADAPTER.test(name));
    for (const [name, tensor] of parameters.tensors) {
      tensor.write(isNew(name) ? values(name, tensor.size) : await file.read(name));
    }
    await device.check();
    const tokenizer = await readJson(`${folder}/tokenizer.json`).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    const model = new Gpt(device, config, parameters, tokenizer);
    model.companions = await readCompanions(folder);
    if (config.lora) model.base = await Deno.realPath(keeps ? await baseOf(folder) : folder);
    return model;
  }

  /**
   * Reads the shape of a model's folder, as {@linkcode Gpt.load} would load it.
   *
   * @throws {Error} if `config.json` is missing, broken, or of another architecture
   */
  static async readConfig(folder: string, options: LoadOptions = {}): Promise<GptConfig> {
    const path = `${folder}/config.json`;
    const found = withOptions(configFromHuggingFace(await readJson(path), path), options);
    if (options.adapters !== "keep" || !await hasAdapter(folder)) return found;
    using adapter = await AdapterFile.open(folder);
    return { ...found, lora: adapter.lora };
  }

  /**
   * Saves the model to a folder that {@linkcode Gpt.load} and Hugging Face's transformers read; of one
   * with adapters those and its head alone, as PEFT does.
   */
  async save(folder: string): Promise<void> {
    await Deno.mkdir(folder, { recursive: true });
    const json = (value: unknown) => JSON.stringify(value, null, 2) + "\n";
    await Deno.writeTextFile(`${folder}/config.json`, json(configToHuggingFace(this.config)));
    const read = this.parameters.reader();
    const { lora } = this.config;
    if (lora) {
      const shapes = this.shapes.filter(({ name }) => ADAPTER.test(name) || HEAD.test(name));
      const config = { ...this.config, lora };
      await writeAdapter(folder, { config, base: this.base, shapes, read });
    } else await writeWeights(`${folder}/model.safetensors`, this.config, read);
    if (this.tokenizer) await Deno.writeTextFile(`${folder}/tokenizer.json`, json(this.tokenizer));
    for (const [name, text] of Object.entries(this.companions)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
  }

  /** Frees the weights. */
  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}

function withOptions(found: GptConfig, options: LoadOptions): GptConfig {
  const { dropout = found.dropout, head = found.head, task = found.task, lora } = options;
  const config = {
    ...{ ...found, dropout },
    ...(head && { head }),
    ...(task && { task }),
    ...(lora && { lora }),
  };
  assertConfig(config);
  return config;
}

/** Files that say how texts become prompts. */
const COMPANIONS = ["tokenizer_config.json", "chat_template.jinja"];

async function readCompanions(folder: string): Promise<Record<string, string>> {
  const read = async (name: string): Promise<[string, string][]> => {
    const text = await Deno.readTextFile(`${folder}/${name}`).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    return text === undefined ? [] : [[name, text]];
  };
  return Object.fromEntries((await Promise.all(COMPANIONS.map(read))).flat());
}

/** The folder that an adapter's is for. */
async function baseOf(folder: string): Promise<string> {
  using adapter = await AdapterFile.open(folder);
  return adapter.base;
}

/** Parameters of adapters. */
const ADAPTER = /[.]lora_[AB][.]weight$/;

/** Parameters of a head over classes. */
const HEAD = /^(score|classifier)[.]/;

/** Draws the first values of parameters, one after another in the order of the forward pass. */
function initialValues({ layers, lora }: GptConfig, seed: number) {
  const next = normalValues(seed);
  return (name: string, size: number): Float32Array<ArrayBuffer> => {
    if (name.endsWith(".bias") || name.endsWith(".lora_B.weight")) return new Float32Array(size);
    if (/ln_(1|2|f)[.]weight$/.test(name)) return new Float32Array(size).fill(1);
    // The variance of PEFT's: uniform within ±1/√in.
    if (name.endsWith(".lora_A.weight")) return next(size, Math.sqrt(lora!.rank / size / 3));
    return next(size, name.endsWith("c_proj.weight") ? 0.02 / Math.sqrt(2 * layers) : 0.02);
  };
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  const text = await Deno.readTextFile(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path}: it is no JSON (${(error as Error).message})`);
  }
}
