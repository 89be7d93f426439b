import { biasGradientPartialShape, layernormPartialShape, type Tensor } from "../../kernels/mod.ts";
import type { GptConfig } from "../config.ts";
import type { PassOptions } from "../network.ts";
import type { LoraPasses } from "./lora.ts";
import type { TensorMaker } from "./shared_tensors.ts";

/** What a layer norm leaves for its backward pass. */
export interface NormActivations {
  /** [N, C]. */
  y: Tensor;
  /** Mean of each row, [N]. */
  mean: Tensor;
  /** Reciprocal standard deviation of each row, [N]. */
  rstd: Tensor;
}

/** What attention to another sequence computes; M rows of that one. */
export interface CrossActivations {
  norm: NormActivations;
  /** Queries, [N, C]. */
  q: Tensor;
  /** Keys and values side by side, [M, 2C]. */
  kv: Tensor;
  /** Attention's result, [N, C]. */
  attended: Tensor;
  /** Log-sum-exp of attention's scores, [B, NH, T]. */
  lse: Tensor;
  /** Residual stream behind it, [N, C]. */
  joined: Tensor;
}

/** Another sequence that attention may see. */
export interface Source {
  /** Its tokens, padding among them. */
  T: number;
  /** [B·T, C]. */
  x: Tensor;
  /** Tokens of each row before its padding, u32 [B]. */
  lengths: Tensor;
}

/** What a block computes and its backward pass reads; N = B·T rows. */
export interface BlockActivations {
  /** Residual stream at the block's start, [N, C]. */
  x: Tensor;
  norm1: NormActivations;
  /** Queries, keys and values side by side, [N, 3C]. */
  qkv: Tensor;
  /** Attention's result, [N, C]. */
  attended: Tensor;
  /** Log-sum-exp of attention's scores, [B, NH, T]. */
  lse: Tensor;
  /** Residual stream after attention, [N, C]. */
  middle: Tensor;
  /** Where there is another sequence to attend to. */
  cross?: CrossActivations;
  norm2: NormActivations;
  /** Feed-forward part before GELU, [N, 4C]. */
  wide: Tensor;
  /** Feed-forward part after GELU, [N, 4C]. */
  active: Tensor;
}

/** Everything a forward pass over B rows of T tokens writes. */
export interface Activations extends Disposable {
  /** Bytes of GPU memory. */
  bytes: number;
  B: number;
  T: number;
  /** Input tokens, u32 [B, T]. */
  tokens: Tensor;
  /** Where each token's document begins in its row, u32 [B, T], where attention keeps to documents. */
  starts?: Tensor;
  /** Position of each token in its document, u32 [B, T], where positions restart there. */
  positions?: Tensor;
  /** Tokens of each row before its padding, u32 [B], where attention is not causal. */
  lengths?: Tensor;
  /** Another sequence that blocks attend to. */
  source?: Source;
  /** Number of the first block among those of all stacks of the model. */
  first: number;
  blocks: BlockActivations[];
  /** Whether blocks share all but their `x`, and the backward pass computes the rest again. */
  recompute: boolean;
  /** What a branch adds to the residual stream, [N, C]; reused by all blocks. */
  branch: Tensor;
  /** Residual stream after the last block, [N, C]. */
  output: Tensor;
  norm: NormActivations;
  /** What adapted layers need, where the model has some. */
  lora?: LoraPasses;
}

/** Type of what products read and write: that of the matrices that they read. */
const operandType = ({ matrices }: Pick<PassOptions, "matrices">) => matrices ? "f16" : "f32";

/** What tells a stack of blocks from a GPT's. */
export interface StackOptions {
  /** Whether each token sees all of its row. @default false */
  bidirectional?: boolean;
  /** Another sequence that blocks attend to. @default none */
  source?: Source;
  /** Number of the first block among those of all stacks of the model. @default 0 */
  first?: number;
}

/**
 * Allocates the activations of a forward pass.
 *
 * @throws {GpuError} if the adapter allows no buffer of a tensor's size
 */
export function createActivations(
  device: TensorMaker,
  config: Pick<GptConfig, "layers" | "channels" | "heads">,
  options: PassOptions,
  { bidirectional = false, source, first: firstBlock = 0 }: StackOptions = {},
): Activations {
  const { B, T, training, recompute = false } = options;
  const precision = operandType(options);
  const { layers, channels: C, heads } = config;
  const N = B * T;
  const before = device.allocatedBytes;
  const stack = new DisposableStack();
  const tensor = (label: string, ...shape: number[]) => stack.use(device.tensor(label, shape));
  const operand = (label: string, columns: number, rows = N) =>
    stack.use(device.tensor(label, [rows, columns], precision));
  const places = (label: string) => stack.use(device.tensor(label, [B, T], "u32"));
  const norm = (label: string): NormActivations => ({
    y: operand(label, C),
    mean: tensor(`${label} mean`, N),
    rstd: tensor(`${label} rstd`, N),
  });
  const cross = (label: string, source: Source): CrossActivations => ({
    norm: norm(`${label} norm`),
    q: operand(`${label} q`, C),
    kv: operand(`${label} kv`, 2 * C, B * source.T),
    attended: operand(`${label} attended`, C),
    lse: tensor(`${label} lse`, B, heads, T),
    joined: tensor(`${label} joined`, N, C),
  });
  const stream = (l: number) => tensor(`block ${l} x`, N, C);
  const block = (l: number): BlockActivations => ({
    x: stream(l),
    norm1: norm(`block ${l} norm1`),
    qkv: operand(`block ${l} qkv`, 3 * C),
    attended: operand(`block ${l} attended`, C),
    lse: tensor(`block ${l} lse`, B, heads, T),
    middle: tensor(`block ${l} middle`, N, C),
    ...(source && { cross: cross(`block ${l} cross`, source) }),
    norm2: norm(`block ${l} norm2`),
    wide: operand(`block ${l} wide`, 4 * C),
    active: operand(`block ${l} active`, 4 * C),
  });
  const first = block(0);
  const later = (l: number): BlockActivations => {
    if (!training) return first;
    return recompute ? { ...first, x: stream(l) } : block(l);
  };
  const tensors = {
    tokens: places("tokens"),
    ...(options.documentMask ? { starts: places("starts") } : {}),
    ...(options.restartPositions ? { positions: places("positions") } : {}),
    ...(bidirectional && { lengths: stack.use(device.tensor("lengths", [B], "u32")) }),
    ...(source && { source }),
    blocks: Array.from({ length: layers }, (_, l) => l === 0 ? first : later(l)),
    branch: tensor("branch", N, C),
    output: training ? tensor("output", N, C) : first.x,
    norm: norm("norm"),
  };
  return {
    ...{ B, T, recompute, first: firstBlock, ...tensors, bytes: device.allocatedBytes - before },
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/** Gradients of activations, reused by all blocks. */
export interface ActivationGradients extends Disposable {
  /** Of the residual stream, [N, C]. */
  x: Tensor;
  /** Of a branch, where dropout makes it differ from the stream's, [N, C]. */
  branch: Tensor;
  /** Of a layer norm's result, or of attention's, [N, C]. */
  narrow: Tensor;
  /** [N, 3C]. */
  qkv: Tensor;
  /** Of attention to another sequence: [N, C], [M, 2C], and of that sequence itself, [M, C]. */
  cross?: { q: Tensor; kv: Tensor; source: Tensor };
  /** Row sums of dy·y in attention, [B, NH, T]. */
  delta: Tensor;
  /** Before GELU, [N, 4C]. */
  wide: Tensor;
  /** What adapted layers need, where the model has some. */
  lora?: LoraPasses;
  /** Scratch of bias gradients, for up to 4C columns. */
  biasPartial: Tensor;
  /** Scratch of layer norms. */
  normPartial: Tensor;
  /** Scratch of the embedding, u32 [B, T]. */
  next: Tensor;
}

/** Allocates the gradients of activations. */
export function createActivationGradients(
  device: TensorMaker,
  { channels: C, heads }: Pick<GptConfig, "channels" | "heads">,
  options: Pick<PassOptions, "B" | "T" | "matrices">,
  source?: Source,
): ActivationGradients {
  const { B, T } = options;
  const precision = operandType(options);
  const N = B * T;
  const stack = new DisposableStack();
  const tensor = (label: string, ...shape: number[]) => stack.use(device.tensor(label, shape));
  const operand = (label: string, columns: number, rows = N) =>
    stack.use(device.tensor(label, [rows, columns], precision));
  return {
    x: tensor("dx", N, C),
    branch: tensor("dbranch", N, C),
    narrow: operand("dnarrow", C),
    qkv: operand("dqkv", 3 * C),
    ...(source && {
      cross: {
        q: operand("dq", C),
        kv: operand("dkv", 2 * C, B * source.T),
        source: tensor("dsource", B * source.T, C),
      },
    }),
    delta: tensor("delta", B, heads, T),
    wide: operand("dwide", 4 * C),
    biasPartial: tensor("bias partials", ...biasGradientPartialShape([N, 4 * C])),
    normPartial: tensor("norm partials", ...layernormPartialShape([N, C])),
    next: stack.use(device.tensor("next", [B, T], "u32")),
    [Symbol.dispose]: () => stack.dispose(),
  };
}
