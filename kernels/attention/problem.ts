import { assertShapes, type Tensor } from "../gpu/mod.ts";
import { dropoutParams } from "../random/mod.ts";

/** Tensors of {@linkcode attentionForward}. */
export interface AttentionTensors {
  /**
   * [B, T, 3C]: queries, keys and values of one sequence side by side, each with its heads side by
   * side. Absent where the keys are of another sequence: then there are `q` and `kv`.
   */
  qkv?: Tensor;
  /** [B, Tq, C]: queries. */
  q?: Tensor;
  /** [B, Tk, 2C]: keys and values side by side. */
  kv?: Tensor;
  /** [B, Tq, C]. */
  y: Tensor;
  /** [B, NH, Tq]: log Σ exp of each query's scores. */
  lse: Tensor;
  /**
   * u32 [B, T], with causal attention: the first key that each query sees, such as where its
   * document begins; from one query to the next it never falls. @default 0 each
   */
  starts?: Tensor;
  /** u32 [B], where attention is not causal: the keys of each row before its padding. @default Tk each */
  lengths?: Tensor;
  /** Seed and step of dropout, u32 [2]; needed where there is any. */
  clock?: Tensor;
}

/** Tensors of {@linkcode attentionBackward}. */
export interface AttentionBackwardTensors extends AttentionTensors {
  /** [B, Tq, C]. */
  dy: Tensor;
  /** Gradient of `qkv`. */
  dqkv?: Tensor;
  /** Gradient of `q`. */
  dq?: Tensor;
  /** Gradient of `kv`. */
  dkv?: Tensor;
  /** [B, NH, Tq]: scratch for the row sums of dy·y. */
  delta: Tensor;
}

/** Options of attention. */
export interface AttentionOptions {
  /** Number of heads, NH; must divide C. */
  heads: number;
  /** Whether a query sees only keys up to its own place. @default true */
  causal?: boolean;
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
  Tq: number;
  Tk: number;
  heads: number;
  headSize: number;
  causal: boolean;
  /** Whether probabilities are dropped. */
  dropout: boolean;
  /** What the shaders get. */
  params: Record<string, number>;
}

/**
 * The problem that tensors and options pose.
 *
 * @throws {RangeError} if shapes do not fit each other, or a head has more than 128 channels
 * @throws {TypeError} if tensors are missing, or given that do not go together
 */
export function attentionProblem(
  op: string,
  tensors: AttentionTensors & Partial<AttentionBackwardTensors>,
  { heads, causal = true, dropout = 0, layer = 0 }: AttentionOptions,
): AttentionProblem {
  const { qkv, q, kv, y, starts, lengths, clock } = tensors;
  const refuse = (rule: string): never => {
    throw new TypeError(`Cannot run ${op}: ${rule}`);
  };
  if (dropout > 0 && !clock) refuse("dropout needs a clock");
  if (qkv ? q || kv : !q || !kv) refuse("wanted either qkv, or q and kv");
  if (causal && kv) refuse("keys of another sequence can't be seen causally; give causal: false");
  if (causal && lengths) refuse("lengths are for attention that is not causal");
  if (!causal && starts) refuse("starts are for causal attention");
  if (y.shape.length !== 3) {
    throw new RangeError(`Cannot run ${op}: y must be [B, T, C], got [${y.shape}]`);
  }
  const [B, Tq, C] = y.shape;
  const Tk = kv ? kv.shape[1] : Tq;
  const headSize = C / heads;
  if (!Number.isInteger(headSize) || headSize > MAX_HEAD_SIZE) {
    throw new RangeError(
      `Cannot run ${op}: C / heads must be a whole number up to ${MAX_HEAD_SIZE}, got ${C} / ${heads}`,
    );
  }
  const row = [B, heads, Tq];
  const all = [B, Tq, 3 * C];
  const pair = [B, Tk, 2 * C];
  assertShapes(op, { ...tensors }, {
    ...{ qkv: all, q: y.shape, kv: pair, lse: row, starts: [B, Tq], lengths: [B], clock: [2] },
    ...{ dy: y.shape, dqkv: all, dq: y.shape, dkv: pair, delta: row },
  });
  return {
    tensors: dropout > 0 ? tensors : { ...tensors, clock: undefined },
    ...{ B, Tq, Tk, heads, headSize, causal },
    dropout: dropout > 0,
    params: {
      ...{ Tq, Tk, NH: heads, scale: 1 / Math.sqrt(headSize) },
      ...(dropout > 0 ? dropoutParams(dropout, layer) : {}),
    },
  };
}
