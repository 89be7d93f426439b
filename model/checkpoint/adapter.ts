import { join } from "@std/path";
import type { GptConfig, LoraConfig } from "../config.ts";
import { SafetensorsFile, type TensorSource, writeSafetensors } from "./safetensors.ts";

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";

/** What PEFT puts before the names of a model's tensors. */
const PREFIX = "base_model.model.";

/** Parameters that tell a model from others of its shape: read and hashed. */
const TELLING = ["transformer.wpe.weight", "transformer.ln_f.weight"];

/** Gives the values of a parameter by its Hugging Face name. */
export type ReadTensor = (name: string) => Promise<Float32Array>;

/** Whether a folder holds an adapter. */
export async function hasAdapter(folder: string): Promise<boolean> {
  return await Deno.stat(join(folder, CONFIG)).then(({ isFile }) => isFile, () => false);
}

/** A mark of the model that an adapter is for: the start of a hash of some of its weights. */
export async function fingerprintOf(read: ReadTensor): Promise<string> {
  const parts = await Promise.all(TELLING.map((name) => read(name)));
  const bytes = new Blob(parts.map((part) => new Float32Array(part)));
  const hash = await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer());
  return new Uint8Array(hash).slice(0, 16).toHex();
}

/** What {@linkcode writeAdapter} writes. */
export interface AdapterSource {
  config: GptConfig & { lora: LoraConfig };
  /** Path or name of the model that it is for. */
  base: string;
  /** Shapes of its tensors and of the head that is saved with it, by Hugging Face name. */
  shapes: readonly { name: string; shape: number[] }[];
  /** Gives values of any parameter of the model. */
  read: ReadTensor;
}

/**
 * Writes an adapter as PEFT does: `adapter_config.json` and `adapter_model.safetensors`. The latter's
 * metadata carry a mark of the base model, which PEFT passes over.
 *
 * Source: https://huggingface.co/docs/peft/developer_guides/checkpoint
 */
export async function writeAdapter(
  folder: string,
  { config, base, shapes, read }: AdapterSource,
): Promise<void> {
  const { lora, head } = config;
  const saved = { text: "score", token: "classifier" };
  const kinds = { text: "SEQ_CLS", token: "TOKEN_CLS" };
  const json = {
    auto_mapping: null,
    base_model_name_or_path: base,
    bias: "none",
    fan_in_fan_out: true,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: lora.alpha,
    lora_dropout: lora.dropout,
    modules_to_save: head ? [saved[head.of]] : null,
    peft_type: "LORA",
    r: lora.rank,
    revision: null,
    target_modules: lora.targets,
    task_type: head ? kinds[head.of] : "CAUSAL_LM",
  };
  await Deno.writeTextFile(join(folder, CONFIG), JSON.stringify(json, null, 2) + "\n");
  const tensors = shapes.map(({ name, shape }): TensorSource => ({
    ...{ name: PREFIX + name, shape, read: () => read(name) },
  }));
  const metadata = { format: "pt", base: await fingerprintOf(read) };
  await writeSafetensors(join(folder, WEIGHTS), tensors, metadata);
}

/** An adapter's folder, open for reading. */
export class AdapterFile implements Disposable {
  private constructor(
    /** What it adapts, and how. */
    readonly lora: LoraConfig,
    /** Path of the model that it is for. */
    readonly base: string,
    private readonly file: SafetensorsFile,
  ) {}

  /**
   * Opens an adapter that PEFT or this library wrote.
   *
   * @throws {SyntaxError} if a file is broken
   * @throws {TypeError} if it adapts in another way, naming the setting
   * @throws {Deno.errors.NotFound} if its weights are missing
   */
  static async open(folder: string): Promise<AdapterFile> {
    const { lora, base } = await readAdapter(folder);
    try {
      return new AdapterFile(lora, base, SafetensorsFile.open(join(folder, WEIGHTS)));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Deno.errors.NotFound(
        `Cannot load the adapter ${folder}: there is no such file as ${WEIGHTS} in it`,
      );
    }
  }

  /** Whether it holds a parameter. */
  has(name: string): boolean {
    return this.file.tensors.has(PREFIX + name);
  }

  /** Shape of a parameter that it holds. */
  shapeOf(name: string): readonly number[] | undefined {
    return this.file.tensors.get(PREFIX + name)?.shape;
  }

  /** Reads a parameter as f32, in row-major order. */
  read(name: string): Promise<Float32Array<ArrayBuffer>> {
    return this.file.read(PREFIX + name);
  }

  /**
   * Checks that a model is the one that it is for, where it says so.
   *
   * @throws {RangeError} if it is another
   */
  async assertBase(read: ReadTensor): Promise<void> {
    const { base } = this.file.metadata;
    if (base === undefined || base === await fingerprintOf(read)) return;
    throw new RangeError(
      `Cannot use the adapter ${this.file.path}: it was trained for another model than this one. Its ` +
        `base was ${this.base}; bring that back as it was, or train the adapter anew`,
    );
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}

function parseConfig(path: string, text: string): { lora: LoraConfig; base: string } {
  const fail = (key: string, rule: string, value: unknown): never => {
    throw new TypeError(`Cannot use ${path}: ${key} must be ${rule}, got ${JSON.stringify(value)}`);
  };
  let json: Record<string, unknown>;
  try {
    json = Object(JSON.parse(text));
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path}: it is no JSON (${(error as Error).message})`);
  }
  const fixed = {
    ...{ peft_type: "LORA", bias: "none", fan_in_fan_out: true, use_dora: false },
    use_rslora: false,
  };
  for (const [key, value] of Object.entries(fixed)) {
    const found = json[key] ?? value;
    if (found !== value) fail(key, JSON.stringify(value), found);
  }
  const { r, lora_alpha: alpha, lora_dropout: dropout = 0, target_modules: targets } = json;
  const { base_model_name_or_path: base } = json;
  if (typeof r !== "number") fail("r", "a number", r);
  if (typeof alpha !== "number") fail("lora_alpha", "a number", alpha);
  if (typeof dropout !== "number") fail("lora_dropout", "a number", dropout);
  if (!Array.isArray(targets)) fail("target_modules", "a list of layers", targets);
  if (typeof base !== "string") fail("base_model_name_or_path", "the base model's folder", base);
  return {
    lora: {
      ...{ rank: r as number, alpha: alpha as number, dropout: dropout as number },
      targets: targets as string[],
    },
    base: base as string,
  };
}

/**
 * Reads how an adapter adapts and what it is for.
 *
 * @throws {SyntaxError} if its `adapter_config.json` is broken
 * @throws {TypeError} if it adapts in another way, naming the setting
 */
export async function readAdapter(folder: string): Promise<{ lora: LoraConfig; base: string }> {
  const path: string = join(folder, CONFIG);
  return parseConfig(path, await Deno.readTextFile(path));
}
