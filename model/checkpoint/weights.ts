import { type GptConfig, isAdapted } from "../config.ts";
import { READABLE_TYPES, writeSafetensors } from "./safetensors.ts";
import type { TensorInfo } from "./safetensors_header.ts";
import { TensorFiles } from "./tensor_files.ts";

/** A parameter of a GPT. */
export interface ParameterShape {
  /** Its name in Hugging Face's GPT-2. */
  name: string;
  /** Linear layers are [in, out], embeddings [rows, C]. */
  shape: number[];
  /** Whether weight decay applies: to matrices, embeddings among them, not to vectors. */
  decayed: boolean;
}

/**
 * The parameters of a GPT in the order of the forward pass: token and position embedding, blocks,
 * last layer norm, and the head: the output layer where it is not tied, `score` over texts or
 * `classifier` over tokens; then what adapts layers. Without biases there are none here.
 */
export function parameterShapes(config: GptConfig): ParameterShape[] {
  return shapesWithBiases(config).filter(({ name }) => !isLeftOut(name, config));
}

/** Whether it is a bias of a model without them; that of a head over tokens is always there. */
function isLeftOut(name: string, { bias }: GptConfig): boolean {
  return !bias && name.endsWith(".bias") && name !== TOKEN_HEAD_BIAS;
}

const TOKEN_HEAD_BIAS = "classifier.bias";

function shapesWithBiases(config: GptConfig): ParameterShape[] {
  const { layers, channels: C, context, vocabularySize: V, tie, head, lora } = config;
  const result: ParameterShape[] = [];
  const add = (name: string, ...shape: number[]) =>
    result.push({ name, shape, decayed: shape.length > 1 });
  const affine = (name: string, ...shape: number[]) => {
    add(`${name}.weight`, ...shape);
    add(`${name}.bias`, shape.at(-1)!);
  };
  add("transformer.wte.weight", V, C);
  add("transformer.wpe.weight", context, C);
  for (let l = 0; l < layers; l++) {
    const block = `transformer.h.${l}`;
    affine(`${block}.ln_1`, C);
    affine(`${block}.attn.c_attn`, C, 3 * C);
    affine(`${block}.attn.c_proj`, C, C);
    affine(`${block}.ln_2`, C);
    affine(`${block}.mlp.c_fc`, C, 4 * C);
    affine(`${block}.mlp.c_proj`, 4 * C, C);
  }
  affine("transformer.ln_f", C);
  if (head?.of === "text") add("score.weight", head.labels.length, C);
  else if (head) {
    add("classifier.weight", head.labels.length, C);
    add(TOKEN_HEAD_BIAS, head.labels.length);
  } else if (!tie) add("lm_head.weight", V, C);
  const sizes = { "attn.c_attn": [C, 3 * C], "attn.c_proj": [C, C] };
  const wide = { "mlp.c_fc": [C, 4 * C], "mlp.c_proj": [4 * C, C] };
  for (let l = 0; l < layers; l++) {
    for (const [layer, [inner, outer]] of Object.entries({ ...sizes, ...wide })) {
      if (!isAdapted(layer, lora)) continue;
      add(`transformer.h.${l}.${layer}.lora_A.weight`, lora!.rank, inner);
      add(`transformer.h.${l}.${layer}.lora_B.weight`, outer, lora!.rank);
    }
  }
  return result;
}

/**
 * Writes a model's `model.safetensors` as Hugging Face does; a model without biases gets zero ones,
 * because transformers' GPT-2 always has them.
 *
 * @param read gives the values of a parameter; asked once for each of {@linkcode parameterShapes}
 * @throws {RangeError} if values do not fit their shape
 */
export async function writeWeights(
  path: string,
  config: GptConfig,
  read: (name: string) => Promise<Float32Array> | Float32Array,
): Promise<void> {
  const tensors = shapesWithBiases(config).map(({ name, shape }) => ({
    name,
    shape,
    read: () => isLeftOut(name, config) ? new Float32Array(shape[0]) : read(name),
  }));
  await writeSafetensors(path, tensors);
}

/** The weights of a GPT in a folder, in one `model.safetensors` or in shards, open for reading. */
export class WeightsFile implements Disposable {
  private constructor(
    private readonly files: TensorFiles,
    /** The files' own name of each parameter. */
    private readonly names: ReadonlyMap<string, string>,
  ) {}

  /**
   * Opens a folder and checks that it holds the parameters of this shape, all of them and no others,
   * each with or without `transformer.` before its name, and without biases at most zero ones.
   *
   * @throws {Deno.errors.NotFound} if it holds no weights, or a shard is missing
   * @throws {TypeError} if its weights are a pickle file, or a tensor is none of numbers
   * @throws {SyntaxError} if a file is broken
   * @throws {RangeError} if a tensor is missing, of another shape, or none of this model's
   */
  static async open(folder: string, config: GptConfig): Promise<WeightsFile> {
    const files = await TensorFiles.open(folder);
    try {
      const names = matchNames(files, config);
      if (!config.bias) await assertNoBiases(files);
      return new WeightsFile(files, names);
    } catch (error) {
      files[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Reads a parameter as f32, in row-major order.
   *
   * @param name one of {@linkcode parameterShapes}
   * @throws {RangeError} if the model has no such parameter
   */
  read(name: string): Promise<Float32Array<ArrayBuffer>> {
    return this.files.read(this.names.get(name) ?? name);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.files[Symbol.dispose]();
  }
}

/** Attention masks: no parameters, but older files carry them along. */
const CONSTANT = /(^|\.)h\.\d+\.attn\.(bias|masked_bias)$/;

function matchNames({ tensors, path }: TensorFiles, config: GptConfig): Map<string, string> {
  const fail = (problem: string): never => {
    throw new RangeError(`Cannot load ${path}: ${problem}; is this config.json of another model?`);
  };
  // A layer has more than 6 tensors: stops a broken config.json from asking for a billion names.
  if (6 * config.layers > tensors.size) {
    fail(
      `it holds ${tensors.size} tensors, too few for the ${config.layers} layers of config.json`,
    );
  }
  const wanted = parameterShapes(config);
  const names = new Map<string, string>();
  const misshapen: string[] = [];
  for (const { name, shape } of wanted) {
    const own = ownName(tensors, name);
    if (own === undefined) return fail(`it has no tensor ${name}`);
    names.set(name, own);
    const { shape: found, dtype } = tensors.get(own)!;
    if (`${found}` !== `${shape}`) misshapen.push(`${own} must be [${shape}], got [${found}]`);
    if (!READABLE_TYPES.includes(dtype)) {
      throw new TypeError(
        `Cannot load ${path}: the type of ${own} must be ${
          READABLE_TYPES.join(", ")
        }, got ${dtype}`,
      );
    }
  }
  if (misshapen.length > 0) {
    const more = misshapen.length > 3 ? ` and ${misshapen.length - 3} more` : "";
    fail(misshapen.slice(0, 3).join("; ") + more);
  }
  const known = new Set(names.values());
  for (const name of tensors.keys()) {
    const ignored = CONSTANT.test(name) || (config.tie && name === "lm_head.weight") ||
      isLeftOut(name, config);
    if (!known.has(name) && !ignored) fail(`it holds ${name}, which this model has not`);
  }
  return names;
}

function ownName(tensors: ReadonlyMap<string, TensorInfo>, name: string): string | undefined {
  return [name, name.replace(/^transformer\./, "")].find((own) => tensors.has(own));
}

async function assertNoBiases(file: TensorFiles): Promise<void> {
  for (const name of file.tensors.keys()) {
    if (!name.endsWith(".bias") || name === TOKEN_HEAD_BIAS || CONSTANT.test(name)) continue;
    const value = (await file.read(name)).find((value) => value !== 0);
    if (value !== undefined) {
      throw new RangeError(
        `Cannot load ${file.path}: quern.bias of config.json is false, so ${name} must be zero or absent, got ${value}`,
      );
    }
  }
}
