import { type ParameterShape, parameterShapes } from "../checkpoint/mod.ts";
import type { GptConfig } from "../config.ts";
import {
  aligned,
  BLOCK_VALUES,
  encodeGgufHead,
  type GgufTensor,
  type GgufTensorType,
  type GgufValue,
  tensorBytes,
} from "./gguf_format.ts";
import { ggufTokenizer, type TokenizerPatterns } from "./gguf_tokenizer.ts";
import { encodeTensor, transposed } from "./quantize.ts";

/** Options of {@linkcode writeGguf}. */
export interface GgufOptions {
  /** How matrices are stored; vectors and positions are always f32. @default "f32" */
  type?: GgufTensorType;
  /** The model's name, as programs show it. @default "gpt2" */
  name?: string;
  /** The content of its `tokenizer.json`. */
  tokenizer: Readonly<Record<string, unknown>>;
  /** The pre-token patterns that tokenizers have by name. */
  patterns: TokenizerPatterns;
}

/** What llama.cpp calls a file that is mostly of a type. */
const FILE_TYPES = { f32: 0, f16: 1, q8_0: 7 } as const;

/** llama.cpp's names of GPT-2's parts. */
const NAMES: Readonly<Record<string, string>> = {
  "transformer.wte": "token_embd",
  "transformer.wpe": "position_embd",
  "transformer.ln_f": "output_norm",
  lm_head: "output",
  ln_1: "attn_norm",
  "attn.c_attn": "attn_qkv",
  "attn.c_proj": "attn_output",
  ln_2: "ffn_norm",
  "mlp.c_fc": "ffn_up",
  "mlp.c_proj": "ffn_down",
};

/** A parameter on its way into the file. */
interface Part extends GgufTensor {
  source: ParameterShape;
  /** Whether the model has it, or the file needs zeros for it. */
  isThere: boolean;
  /** Linear layers are [in, out] here and [out, in] in ggml. */
  isTurned: boolean;
}

/**
 * Writes a GPT as the GGUF file that llama.cpp runs. One tensor after another is asked for and
 * written, so that a large model is never in memory as a whole. A model without biases gets zero
 * ones; the output layer is written only where it is not tied to the embedding.
 *
 * @param read gives the values of a parameter by Hugging Face's name
 * @throws {TypeError} where the model has a head over classes, or a tokenizer that llama.cpp has none of
 * @throws {RangeError} where q8_0 is asked for and a row can't be divided by 32, naming it; where a
 * value is too large for a half
 */
export async function writeGguf(
  path: string,
  config: GptConfig,
  read: (name: string) => Promise<Float32Array<ArrayBuffer>>,
  options: GgufOptions,
): Promise<void> {
  if (config.head) {
    throw new TypeError(
      "Cannot write a model with a head over classes as GGUF: llama.cpp's GPT-2 only writes text; " +
        "export safetensors",
    );
  }
  const { type = "f32" } = options;
  const metadata = metadataOf(config, options);
  const parts = partsOf(config, type);
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  await writeAll(file, encodeGgufHead(metadata, parts));
  for (const part of parts) {
    const { source: { name, shape }, isThere, isTurned } = part;
    const values = isThere ? await read(name) : new Float32Array(shape[0]);
    const bytes = encodeTensor(
      name,
      isTurned ? transposed(values, shape[0], shape[1]) : values,
      part.type,
    );
    await writeAll(file, bytes);
    const size = tensorBytes(part);
    await writeAll(file, new Uint8Array(aligned(size) - size));
  }
  await file.sync();
}

function metadataOf(config: GptConfig, options: GgufOptions): Record<string, GgufValue> {
  const u32 = (value: number): GgufValue => ({ type: "u32", value });
  return {
    "general.architecture": { type: "string", value: "gpt2" },
    "general.name": { type: "string", value: options.name ?? "gpt2" },
    "general.file_type": u32(FILE_TYPES[options.type ?? "f32"]),
    "gpt2.context_length": u32(config.context),
    "gpt2.embedding_length": u32(config.channels),
    "gpt2.feed_forward_length": u32(4 * config.channels),
    "gpt2.block_count": u32(config.layers),
    "gpt2.attention.head_count": u32(config.heads),
    "gpt2.attention.layer_norm_epsilon": { type: "f32", value: 1e-5 },
    ...ggufTokenizer(options.tokenizer, config.vocabularySize, options.patterns),
  };
}

function partsOf(config: GptConfig, type: GgufTensorType): Part[] {
  const there = new Set(parameterShapes(config).map(({ name }) => name));
  return parameterShapes({ ...config, bias: true }).map((source) => {
    const { name, shape } = source;
    const isTurned = /\.(c_attn|c_proj|c_fc)\.weight$/.test(name);
    const sizes = isTurned ? [...shape] : shape.toReversed();
    const isMatrix = shape.length > 1 && name !== "transformer.wpe.weight";
    if (isMatrix && type === "q8_0" && sizes[0] % BLOCK_VALUES !== 0) {
      throw new RangeError(
        `Cannot export ${name} as q8_0: its rows of ${sizes[0]} values must be divisible by ` +
          `${BLOCK_VALUES}; export f16 or f32`,
      );
    }
    return {
      ...{ source, sizes, isTurned, isThere: there.has(name) },
      name: ggufName(name),
      type: isMatrix ? type : "f32",
    };
  });
}

function ggufName(name: string): string {
  const [, block, part, kind] = /^(?:transformer\.h\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(name)!;
  return `${block === undefined ? "" : `blk.${block}.`}${NAMES[part]}.${kind}`;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}
