import type { Device } from "../../kernels/mod.ts";
import type { ParameterShape } from "../checkpoint/mod.ts";
import { SafetensorsFile, writeSafetensors } from "../checkpoint/mod.ts";
import { normalValues, ParameterSet, type TensorMaker } from "../gpt/mod.ts";
import type { Network, Passes, PassOptions } from "../network.ts";
import { assertEncoderDecoderConfig, type EncoderDecoderConfig } from "./config.ts";
import {
  encoderDecoderFromHuggingFace,
  encoderDecoderToHuggingFace,
  generationToHuggingFace,
  namedParts,
  putPart,
  takePart,
} from "./hugging_face.ts";
import { type EncoderDecoderParameters, encoderDecoderTree } from "./parameters.ts";
import { pairPasses } from "./passes.ts";
import { encoderDecoderShapes } from "./shapes.ts";

/**
 * A Transformer with an encoder and a decoder, built as transformers' `MBartForConditionalGeneration`:
 * its shape and its weights on the GPU.
 *
 * @example
 * ```ts
 * import { Device, EncoderDecoder } from "@quern/quern";
 *
 * using device = await Device.open();
 * using model = EncoderDecoder.create(device, {
 *   ...{ encoderLayers: 1, decoderLayers: 1, heads: 4, channels: 64, context: 32 },
 *   ...{ vocabularySize: 300, outputSize: 200, dropout: 0, tie: true, scaleEmbedding: false },
 *   ...{ padId: 0, startId: 1, endId: 2 },
 * }, { seed: 1 });
 * console.log(model.parameterCount); // 144256
 * ```
 */
export class EncoderDecoder implements Network {
  /** The weights as a tree. */
  readonly weights: EncoderDecoderParameters;

  private constructor(
    readonly device: Device,
    readonly config: EncoderDecoderConfig,
    /** The weights by name, as they lie on the GPU. */
    readonly parameters: ParameterSet,
    /** What `tokenizer.json` of the model's folder holds, if it has one. */
    public tokenizer: Record<string, unknown> | undefined,
  ) {
    this.weights = encoderDecoderTree(parameters, config);
  }

  /** Number of weights; a tied output layer counts once. */
  get parameterCount(): number {
    return [...this.parameters.tensors.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** The parameters in the order of the forward pass. */
  get shapes(): ParameterShape[] {
    return encoderDecoderShapes(this.config);
  }

  /** Allocates what passes over batches of pairs need. */
  passes(tensors: TensorMaker, options: PassOptions): Passes {
    return pairPasses(this, tensors, options);
  }

  /**
   * Makes a model with MBart's initialisation: matrices normal with deviation 0.02 at its width of 1,024
   * and as much more as others are narrower, 0.02·√(1024/C); gains 1, biases 0.
   *
   * @throws {RangeError} if the shape is not possible
   */
  static create(
    device: Device,
    config: EncoderDecoderConfig,
    options: { seed: number },
  ): EncoderDecoder {
    assertEncoderDecoderConfig(config);
    const shapes = encoderDecoderShapes(config);
    const parameters = ParameterSet.create(device, shapes, "weights");
    const next = normalValues(options.seed);
    const deviation = 0.02 * Math.sqrt(1024 / config.channels);
    for (const { name, shape } of shapes) {
      const tensor = parameters.get(name);
      const gain = name.endsWith(".weight") ? 1 : 0;
      tensor.write(
        shape.length === 1
          ? new Float32Array(tensor.size).fill(gain)
          : next(tensor.size, deviation),
      );
    }
    return new EncoderDecoder(device, config, parameters, undefined);
  }

  /**
   * Loads a folder as transformers writes it for `MBartForConditionalGeneration`: `config.json`,
   * `model.safetensors` and, if there, `tokenizer.json`.
   *
   * @param options.dropout takes the place of the folder's
   * @throws {Error} if a file is missing, broken, or of another architecture
   */
  static async load(
    device: Device,
    folder: string,
    options: { dropout?: number } = {},
  ): Promise<EncoderDecoder> {
    const found = await EncoderDecoder.readConfig(folder);
    const config = { ...found, dropout: options.dropout ?? found.dropout };
    using file = SafetensorsFile.open(`${folder}/model.safetensors`);
    const values = await readParameters(file, config, `${folder}/model.safetensors`);
    const parameters = ParameterSet.create(device, encoderDecoderShapes(config), "weights");
    for (const [name, tensor] of parameters.tensors) tensor.write(values.get(name)!);
    await device.check();
    const tokenizer = await readJson(`${folder}/tokenizer.json`).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    return new EncoderDecoder(device, config, parameters, tokenizer);
  }

  /**
   * Reads the shape of a model's folder.
   *
   * @throws {Error} if `config.json` is missing, broken, or of another architecture
   */
  static async readConfig(folder: string): Promise<EncoderDecoderConfig> {
    const path = `${folder}/config.json`;
    return encoderDecoderFromHuggingFace(await readJson(path), path);
  }

  /** Whether a folder holds an encoder–decoder, by its `config.json`. */
  static async isIn(folder: string): Promise<boolean> {
    return (await readJson(`${folder}/config.json`)).is_encoder_decoder === true;
  }

  /** Saves the model to a folder that {@linkcode EncoderDecoder.load} and transformers read. */
  async save(folder: string): Promise<void> {
    const { config, tokenizer } = this;
    await Deno.mkdir(folder, { recursive: true });
    const write = (name: string, value: unknown) =>
      Deno.writeTextFile(`${folder}/${name}`, JSON.stringify(value, null, 2) + "\n");
    await write("config.json", encoderDecoderToHuggingFace(config));
    await write("generation_config.json", generationToHuggingFace(config));
    const read = this.parameters.reader();
    const tensors = namedParts(config).map((part) => ({
      name: part.name,
      shape: part.shape,
      read: async () =>
        part.parameter
          ? takePart(await read(part.parameter.name), part)
          : new Float32Array(part.shape[1]),
    }));
    await writeSafetensors(`${folder}/model.safetensors`, tensors);
    if (tokenizer) await write("tokenizer.json", tokenizer);
  }

  /** Frees the weights. */
  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}

/** Tensors that are there or not, being others' doubles. */
const DOUBLES = /^model\.(encoder|decoder)\.embed_tokens\.weight$|^lm_head\.weight$/;

/** The parameters of a file, by their names on the GPU. */
async function readParameters(
  file: SafetensorsFile,
  config: EncoderDecoderConfig,
  path: string,
): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const fail = (problem: string): never => {
    throw new RangeError(`Cannot load ${path}: ${problem}; is this config.json of another model?`);
  };
  const parts = namedParts(config);
  const known = new Set(parts.map(({ name }) => name));
  for (const name of file.tensors.keys()) {
    if (!known.has(name) && !DOUBLES.test(name)) fail(`it holds ${name}, which this model has not`);
  }
  const values = new Map<string, Float32Array<ArrayBuffer>>();
  for (const part of parts) {
    const { name, shape, parameter } = part;
    const found = file.tensors.get(name);
    if (!found) {
      const spare = !parameter || (DOUBLES.test(name) && name !== "lm_head.weight");
      if (spare) continue;
      return fail(`it has no tensor ${name}`);
    }
    if (`${found.shape}` !== `${shape}`) fail(`${name} must be [${shape}], got [${found.shape}]`);
    const read = await file.read(name);
    if (!parameter) {
      if (read.some((value) => value !== 0)) fail(`${name} must be zero`);
      continue;
    }
    const size = parameter.shape.reduce((a, b) => a * b);
    const into = values.get(parameter.name) ?? new Float32Array(size);
    values.set(parameter.name, into);
    putPart(read, into, part);
  }
  return values;
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  const text = await Deno.readTextFile(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path}: it is no JSON (${(error as Error).message})`);
  }
}
