import type { ParameterShape } from "../checkpoint/mod.ts";
import { encoderDecoderShapes, SIDES } from "./shapes.ts";
import { assertEncoderDecoderConfig, type EncoderDecoderConfig } from "./config.ts";

/** Architecture as transformers names it. */
const ARCHITECTURE = "MBartForConditionalGeneration";

/** Settings of MBartConfig that change the computation; only these values are built here. */
const FIXED = {
  model_type: "mbart",
  activation_function: "gelu_new",
  activation_dropout: 0,
  is_encoder_decoder: true,
  forced_eos_token_id: null,
} as const;

/**
 * The `config.json` that Hugging Face's transformers writes for an `MBartForConditionalGeneration` of
 * this shape. What transformers does not know stands under the key `quern`.
 */
export function encoderDecoderToHuggingFace(config: EncoderDecoderConfig): Record<string, unknown> {
  const { channels, heads, dropout } = config;
  return {
    activation_dropout: FIXED.activation_dropout,
    activation_function: FIXED.activation_function,
    architectures: [ARCHITECTURE],
    attention_dropout: dropout,
    bos_token_id: config.startId,
    classifier_dropout: 0,
    d_model: channels,
    decoder_attention_heads: heads,
    decoder_ffn_dim: 4 * channels,
    decoder_layerdrop: 0,
    decoder_layers: config.decoderLayers,
    decoder_start_token_id: config.startId,
    dropout,
    encoder_attention_heads: heads,
    encoder_ffn_dim: 4 * channels,
    encoder_layerdrop: 0,
    encoder_layers: config.encoderLayers,
    eos_token_id: config.endId,
    forced_eos_token_id: FIXED.forced_eos_token_id,
    init_std: 0.02,
    is_encoder_decoder: FIXED.is_encoder_decoder,
    max_position_embeddings: config.context,
    model_type: FIXED.model_type,
    num_hidden_layers: config.encoderLayers,
    pad_token_id: config.padId,
    scale_embedding: config.scaleEmbedding,
    tie_word_embeddings: config.tie,
    torch_dtype: "float32",
    use_cache: true,
    vocab_size: config.vocabularySize,
    quern: { outputSize: config.outputSize },
  };
}

/**
 * The `generation_config.json` beside it: the tokens that `generate` of transformers begins and ends
 * with, and those that it must not write.
 */
export function generationToHuggingFace(config: EncoderDecoderConfig): Record<string, unknown> {
  const { outputSize, vocabularySize, padId, startId, endId } = config;
  const suppressed = Array.from(
    { length: vocabularySize - outputSize },
    (_, i) => outputSize + i,
  );
  return {
    bos_token_id: startId,
    decoder_start_token_id: startId,
    eos_token_id: endId,
    pad_token_id: padId,
    max_length: config.context,
    ...(suppressed.length > 0 && { suppress_tokens: suppressed }),
  };
}

/**
 * The shape that a `config.json` of an `MBartForConditionalGeneration` describes.
 *
 * @param path where it was read, for errors
 * @throws {TypeError} if it describes a model that is computed in another way, naming the setting
 * @throws {RangeError} if a size is missing or impossible
 */
export function encoderDecoderFromHuggingFace(json: unknown, path: string): EncoderDecoderConfig {
  const refuse = (key: string, rule: string, value: unknown): never => {
    throw new TypeError(
      `Cannot load the model of ${path}: ${key} must be ${rule}, got ${
        JSON.stringify(value) ?? "nothing"
      }`,
    );
  };
  if (!isRecord(json)) return refuse("it", "a JSON object", json);
  const { architectures = [ARCHITECTURE], quern = {} } = json;
  if (!Array.isArray(architectures) || !architectures.includes(ARCHITECTURE)) {
    refuse("architectures", `["${ARCHITECTURE}"]`, architectures);
  }
  for (const key of ["model_type", "activation_function"] as const) {
    if (json[key] !== FIXED[key]) refuse(key, JSON.stringify(FIXED[key]), json[key]);
  }
  const number = (key: string, fallback?: number): number => {
    const value = json[key] ?? fallback;
    return typeof value === "number" ? value : refuse(key, "a number", value);
  };
  const flag = (key: string, fallback: boolean): boolean => {
    const value = json[key] ?? fallback;
    return typeof value === "boolean" ? value : refuse(key, "true or false", value);
  };
  const [channels, heads] = [number("d_model"), number("encoder_attention_heads")];
  const same: [string, number][] = [
    ["decoder_attention_heads", heads],
    ["encoder_ffn_dim", 4 * channels],
    ["decoder_ffn_dim", 4 * channels],
  ];
  for (const [key, wanted] of same) if (number(key) !== wanted) refuse(key, `${wanted}`, json[key]);
  if (!isRecord(quern)) return refuse("quern", "an object", quern);
  const vocabularySize = number("vocab_size");
  const { outputSize = vocabularySize, ...others } = quern;
  for (const key in others) refuse(`quern.${key}`, "left out", others[key]);
  if (typeof outputSize !== "number") return refuse("quern.outputSize", "a number", outputSize);
  const config: EncoderDecoderConfig = {
    encoderLayers: number("encoder_layers"),
    decoderLayers: number("decoder_layers"),
    ...{ heads, channels, vocabularySize, outputSize },
    context: number("max_position_embeddings"),
    dropout: number("dropout", 0.1),
    tie: flag("tie_word_embeddings", true),
    scaleEmbedding: flag("scale_embedding", false),
    padId: number("pad_token_id", 1),
    startId: number("decoder_start_token_id", number("eos_token_id", 2)),
    endId: number("eos_token_id", 2),
  };
  try {
    assertEncoderDecoderConfig(config);
  } catch (error) {
    throw new RangeError(`Cannot load the model of ${path}: ${(error as Error).message}`);
  }
  return config;
}

/** A tensor of `model.safetensors`, and which part of a parameter it is. */
export interface NamedPart {
  /** Name as transformers has it. */
  name: string;
  /** Shape as transformers has it: linear layers are [out, in]. */
  shape: number[];
  /** The parameter on the GPU; undefined for what is always zero. */
  parameter?: ParameterShape;
  /** Columns of the parameter, [in, columns], or elements of a bias, that the tensor holds. */
  columns?: [start: number, end: number];
}

/**
 * The tensors of `model.safetensors` in order. Embeddings are shared between both sides; with an output
 * layer of its own they are written for each side too, as transformers does not tie them then.
 */
export function namedParts(config: EncoderDecoderConfig): NamedPart[] {
  const { channels: C, vocabularySize: V, tie } = config;
  const parameters = new Map(encoderDecoderShapes(config).map((shape) => [shape.name, shape]));
  const parts: NamedPart[] = [{ name: "final_logits_bias", shape: [1, V] }];
  const whole = (name: string, own: string) => {
    const parameter = parameters.get(own)!;
    parts.push({ name, shape: parameter.shape, parameter });
  };
  const norm = (name: string, own: string) => {
    for (const kind of ["weight", "bias"]) whole(`${name}.${kind}`, `${own}.${kind}`);
  };
  const linear = (name: string, own: string, columns?: [number, number]) => {
    const weight = parameters.get(`${own}.weight`)!;
    const [inner, all] = weight.shape;
    const [start, end] = columns ?? [0, all];
    const cut: { columns: [number, number] } = { columns: [start, end] };
    const out = end - start;
    parts.push({ name: `${name}.weight`, shape: [out, inner], parameter: weight, ...cut });
    const bias = parameters.get(`${own}.bias`)!;
    parts.push({ name: `${name}.bias`, shape: [out], parameter: bias, ...cut });
  };
  whole("model.shared.weight", "shared.weight");
  for (const side of SIDES) {
    if (!tie) whole(`model.${side}.embed_tokens.weight`, "shared.weight");
    whole(`model.${side}.embed_positions.weight`, `${side}.positions.weight`);
    norm(`model.${side}.layernorm_embedding`, `${side}.embedding_norm`);
    for (let l = 0; parameters.has(`${side}.h.${l}.qkv.weight`); l++) {
      const [layer, own] = [`model.${side}.layers.${l}`, `${side}.h.${l}`];
      linear(`${layer}.self_attn.q_proj`, `${own}.qkv`, [0, C]);
      linear(`${layer}.self_attn.k_proj`, `${own}.qkv`, [C, 2 * C]);
      linear(`${layer}.self_attn.v_proj`, `${own}.qkv`, [2 * C, 3 * C]);
      linear(`${layer}.self_attn.out_proj`, `${own}.projection`);
      norm(`${layer}.self_attn_layer_norm`, `${own}.norm1`);
      if (side === "decoder") {
        linear(`${layer}.encoder_attn.q_proj`, `${own}.cross.q`);
        linear(`${layer}.encoder_attn.k_proj`, `${own}.cross.kv`, [0, C]);
        linear(`${layer}.encoder_attn.v_proj`, `${own}.cross.kv`, [C, 2 * C]);
        linear(`${layer}.encoder_attn.out_proj`, `${own}.cross.projection`);
        norm(`${layer}.encoder_attn_layer_norm`, `${own}.cross.norm`);
      }
      linear(`${layer}.fc1`, `${own}.up`);
      linear(`${layer}.fc2`, `${own}.down`);
      norm(`${layer}.final_layer_norm`, `${own}.norm2`);
    }
    norm(`model.${side}.layer_norm`, `${side}.norm`);
  }
  if (!tie) whole("lm_head.weight", "head.weight");
  return parts;
}

/** The values of a tensor of `model.safetensors`, out of those of its parameter. */
export function takePart(
  values: Float32Array,
  { shape, parameter, columns }: NamedPart,
): Float32Array {
  if (!columns || shape.length === 1) {
    return columns ? values.slice(...columns) : values;
  }
  const [out, inner] = shape;
  const width = parameter!.shape[1];
  const part = new Float32Array(out * inner);
  for (let i = 0; i < inner; i++) {
    for (let o = 0; o < out; o++) part[o * inner + i] = values[i * width + columns[0] + o];
  }
  return part;
}

/** Puts the values of a tensor of `model.safetensors` to their places in those of its parameter. */
export function putPart(
  part: Float32Array,
  into: Float32Array,
  { shape, parameter, columns }: NamedPart,
): void {
  if (!columns || shape.length === 1) {
    into.set(part, columns?.[0] ?? 0);
    return;
  }
  const [out, inner] = shape;
  const width = parameter!.shape[1];
  for (let i = 0; i < inner; i++) {
    for (let o = 0; o < out; o++) into[i * width + columns[0] + o] = part[o * inner + i];
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
