import { assertShapes, type Tensor } from "../gpu/mod.ts";
import { dropoutParams } from "../random/mod.ts";

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

/** What attention has to compute: those of the tensors that its direction needs, and their sizes. */
export interface AttentionProblem {
  tensors: Partial<AttentionBackwardTensors>;
  B: number;
  T: number;
  heads: number;
  headSize: number;
  /** Whether probabilities are dropped. */
  dropout: boolean;
  /** What the shaders get. */
  params: Record<string, number>;
}

/**
 * The problem that tensors and options pose.
 *
 * @throws {RangeError} if shapes do not fit each other, or a head has more than 128 channels
 */
export function attentionProblem(
  op: string,
  tensors: AttentionTensors & Partial<AttentionBackwardTensors>,
  { heads, dropout = 0, layer = 0 }: AttentionOptions,
): AttentionProblem {
  const { y, clock } = tensors;
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
  assertShapes(op, { ...tensors }, {
    ...{ qkv: wide, lse: row, dy: y.shape, dqkv: wide, delta: row, clock: [2] },
  });
  return {
    tensors: dropout > 0 ? tensors : { ...tensors, clock: undefined },
    ...{ B, T, heads, headSize },
    dropout: dropout > 0,
    params: {
      ...{ T, NH: heads, scale: 1 / Math.sqrt(headSize) },
      ...(dropout > 0 ? dropoutParams(dropout, layer) : {}),
    },
  };
}
