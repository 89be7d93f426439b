import { type GptConfig, isAdapted, type LoraConfig } from "../config.ts";
import { AdapterFile, hasAdapter } from "./adapter.ts";
import { assertSameShape, configFromHuggingFace } from "./hugging_face.ts";
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

/** The weights of a GPT in a folder, open for reading: a model's own, or an adapter's with its base. */
export class WeightsFile implements Disposable {
  private constructor(
    /**
     * Reads a parameter as f32, in row-major order.
     *
     * @param name one of {@linkcode parameterShapes}
     */
    readonly read: (name: string) => Promise<Float32Array<ArrayBuffer>>,
    private readonly stack: DisposableStack,
  ) {}

  /**
   * Opens a folder and checks that it holds the parameters of this shape, all of them and no others,
   * each with or without `transformer.` before its name, and without biases at most zero ones. Of an
   * adapter's folder the base is opened too; where the shape has no adapters they are merged into it.
   *
   * @throws {Deno.errors.NotFound} if it holds no weights, or a shard or an adapter's base is missing
   * @throws {TypeError} if its weights are a pickle file, or a tensor is none of numbers
   * @throws {SyntaxError} if a file is broken
   * @throws {RangeError} if a tensor is missing, of another shape, or none of this model's; if an
   * adapter is for another base
   */
  static async open(folder: string, config: GptConfig): Promise<WeightsFile> {
    using stack = new DisposableStack();
    const read = await hasAdapter(folder)
      ? await openAdapter(stack, folder, config)
      : await openOwn(stack, folder, config);
    return new WeightsFile(read, stack.move());
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.stack.dispose();
  }
}

type Read = WeightsFile["read"];

async function openOwn(stack: DisposableStack, folder: string, config: GptConfig): Promise<Read> {
  const files = stack.use(await TensorFiles.open(folder));
  const names = matchNames(files, config);
  if (!config.bias) await assertNoBiases(files);
  return (name) => files.read(names.get(name) ?? name);
}

async function openAdapter(
  stack: DisposableStack,
  folder: string,
  config: GptConfig,
): Promise<Read> {
  const adapter = stack.use(await AdapterFile.open(folder));
  const { base, lora } = adapter;
  const found = await readBaseConfig(folder, base);
  assertSameShape(base, found, config);
  const own = await openOwn(stack, base, found);
  await adapter.assertBase(own);
  for (const { name, shape } of parameterShapes({ ...config, lora })) {
    const isNew = /[.]lora_[AB][.]/.test(name) || !name.startsWith("transformer.");
    if (!isNew || (!adapter.has(name) && name === "lm_head.weight")) continue;
    const has = adapter.shapeOf(name);
    if (`${has}` !== `${shape}`) {
      throw new RangeError(
        `Cannot use the adapter ${folder}: ${name} must be [${shape}], got ${
          has ? `[${has}]` : "none"
        }; it is for another model`,
      );
    }
  }
  return async (name) => {
    if (adapter.has(name)) return await adapter.read(name);
    const weight = await own(name);
    const layer = name.replace(/[.]weight$/, "");
    if (config.lora || !adapter.has(`${layer}.lora_A.weight`)) return weight;
    const a = await adapter.read(`${layer}.lora_A.weight`);
    const b = await adapter.read(`${layer}.lora_B.weight`);
    return merge(weight, a, b, lora);
  };
}

async function readBaseConfig(folder: string, base: string): Promise<GptConfig> {
  const path = `${base}/config.json`;
  const text = await Deno.readTextFile(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Deno.errors.NotFound(
      `Cannot use the adapter ${folder}: its base ${base} is not there; bring it back, or set ` +
        "base_model_name_or_path of adapter_config.json to where it is",
    );
  });
  return configFromHuggingFace(JSON.parse(text), path);
}

/** weight [in, out] += α/r·Aᵀ·Bᵀ, with A [r, in] and B [out, r]; summed in double precision. */
function merge(
  weight: Float32Array<ArrayBuffer>,
  a: Float32Array,
  b: Float32Array,
  { rank, alpha }: LoraConfig,
): Float32Array<ArrayBuffer> {
  const [inner, outer] = [a.length / rank, b.length / rank];
  const row = new Float64Array(outer);
  for (let i = 0; i < inner; i++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = alpha / rank * a[r * inner + i];
      for (let o = 0; o < outer; o++) row[o] += factor * b[o * rank + r];
    }
    for (let o = 0; o < outer; o++) weight[i * outer + o] += row[o];
  }
  return weight;
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
