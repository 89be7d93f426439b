import { assertShapes, type Pass, type Shader, type Tensor } from "../gpu/mod.ts";
import { dropoutParams } from "../random/mod.ts";
import {
  attentionBackwardKeysWgsl,
  attentionBackwardQueriesWgsl,
  attentionForwardWgsl,
  type AttentionVariant,
} from "./attention.wgsl.ts";

/** Tensors of {@linkcode attentionForward}. */
export interface AttentionTensors {
  /** [B, T, 3C]: queries, keys and values side by side, each with its heads side by side. */
  qkv: Tensor;
  /** [B, T, C]. */
  y: Tensor;
  /** [B, NH, T]: log Σ exp of each query's scores. */
  lse: Tensor;
  /** Seed and step of dropout, u32 [2]; needed where there is any. */
  clock?: Tensor;
}

/** Tensors of {@linkcode attentionBackward}. */
export interface AttentionBackwardTensors extends AttentionTensors {
  /** [B, T, C]. */
  dy: Tensor;
  /** [B, T, 3C]. */
  dqkv: Tensor;
  /** [B, NH, T]: scratch for the row sums of dy·y. */
  delta: Tensor;
}

/** Options of attention. */
export interface AttentionOptions {
  /** Number of heads, NH; must divide C. */
  heads: number;
  /** Share of probabilities dropped, in [0, 1). @default 0 */
  dropout?: number;
  /** Tells apart the places where dropout acts. @default 0 */
  layer?: number;
}

/** Channels of a head that a thread's registers can hold. */
const MAX_HEAD_SIZE = 128;

/**
 * Causal multi-head self-attention: y = softmax(q·kᵀ/√HS)·v over the keys up to each query, with
 * HS = C / heads. Overwrites y and lse; takes no memory beyond them.
 *
 * Source: Vaswani et al. 2017, "Attention Is All You Need"; Dao et al. 2022, "FlashAttention".
 *
 * @throws {RangeError} if shapes do not fit each other, or a head has more than 128 channels
 */
export function attentionForward(
  pass: Pass,
  t: AttentionTensors,
  options: AttentionOptions,
): void {
  const { qkv, y, lse } = t;
  const { variant, launch } = prepare(pass, "attentionForward", t, options);
  launch(
    { label: `attention/forward ${variant.headSize}`, code: attentionForwardWgsl(variant) },
    { qkv, y, lse },
  );
}

/**
 * Gradient of {@linkcode attentionForward}. Overwrites dqkv and delta; probabilities are computed
 * again from lse.
 *
 * @throws {RangeError} if shapes do not fit each other, or a head has more than 128 channels
 */
export function attentionBackward(
  pass: Pass,
  t: AttentionBackwardTensors,
  options: AttentionOptions,
): void {
  const { qkv, y, lse, dy, dqkv, delta } = t;
  const { variant, launch } = prepare(pass, "attentionBackward", t, options);
  const label = `attention/backward ${variant.headSize}`;
  launch(
    { label: `${label} queries`, code: attentionBackwardQueriesWgsl(variant) },
    { qkv, y, lse, dy, dqkv, delta },
  );
  launch(
    { label: `${label} keys`, code: attentionBackwardKeysWgsl(variant) },
    { qkv, lse, dy, delta, dqkv },
  );
}

function prepare(
  pass: Pass,
  op: string,
  t: AttentionTensors & Partial<AttentionBackwardTensors>,
  { heads, dropout = 0, layer = 0 }: AttentionOptions,
) {
  const { y, clock } = t;
  if (dropout > 0 && !clock) throw new TypeError(`Cannot run ${op}: dropout needs a clock`);
  if (y.shape.length !== 3) {
    throw new RangeError(`Cannot run ${op}: y must be [B, T, C], got [${y.shape}]`);
  }
  const [B, T, C] = y.shape;
  const headSize = C / heads;
  if (!Number.isInteger(headSize) || headSize > MAX_HEAD_SIZE) {
    throw new RangeError(
      `Cannot run ${op}: C / heads must be a whole number up to ${MAX_HEAD_SIZE}, got ${C} / ${heads}`,
    );
  }
  const row = [B, heads, T];
  const wide = [B, T, 3 * C];
  assertShapes(op, { ...t }, {
    qkv: wide,
    lse: row,
    dy: y.shape,
    dqkv: wide,
    delta: row,
    clock: [2],
  });
  const variant: AttentionVariant = { headSize, rows: rowsOf(headSize), dropout: dropout > 0 };
  const lanes = B * heads * Math.ceil(T / variant.rows);
  const params = {
    ...{ T, NH: heads, lanes, scale: 1 / Math.sqrt(headSize) },
    ...(dropout > 0 ? dropoutParams(dropout, layer) : {}),
  };
  return {
    variant,
    launch: (shader: Shader, bindings: Record<string, Tensor>) =>
      pass.launch(
        shader,
        { ...bindings, ...(dropout > 0 ? { clock: clock! } : {}) },
        params,
        { threads: lanes },
      ),
  };
}

/** Rows of a thread: more of them save loads, until registers or compile time run out. */
function rowsOf(headSize: number): number {
  if (headSize > 64) return 1;
  return headSize > 16 ? 2 : 4;
}
