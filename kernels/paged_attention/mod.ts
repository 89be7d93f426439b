import { assertShapes, type Pass, Tensor, type Texels, uniformRows } from "../gpu/mod.ts";
import { ALONE, pagedAttentionWgsl } from "./paged_attention.wgsl.ts";

export { BLOCK_TOKENS } from "./paged_attention.wgsl.ts";

/** Tensors of {@linkcode pagedAttentionForward}. */
export interface PagedAttentionTensors {
  /** [at least M, C]. */
  q: Tensor;
  /** [cells, C]. */
  keys: Tensor | Texels;
  /** [cells, C]. */
  values: Tensor | Texels;
  /** u32 [at least M, 4]: slot, position, token and cell of each row. */
  rows: Tensor;
  /** u32 [slots, W]: the blocks of each slot's sequence, in order. */
  blocks: Tensor;
  /** [at least M, C]. */
  y: Tensor;
}

/** Tensors of {@linkcode pagedAttentionProjected}. */
export interface PagedAttentionProjectedTensors extends PagedAttentionTensors {
  /** [C, C]. */
  w: Texels;
  /** [C], added to the product. @default none */
  bias?: Tensor;
  /** [at least 1, C], added to the result. */
  add: Tensor;
}

/** Options of {@linkcode pagedAttentionForward}. */
export interface PagedAttentionOptions {
  /** Number of heads, NH; must divide C. */
  heads: number;
  /** Rows to compute, M. @default all rows of y */
  rows?: number;
}

/** Channels of a head that a thread's registers can hold. */
const MAX_HEAD_SIZE = 128;

/**
 * Attention of rows of any sequences over a cache in blocks of {@linkcode BLOCK_TOKENS} tokens: each
 * row sees the keys of its slot up to its position, its own among them. Overwrites M rows of y.
 *
 * A row's bits do not depend on other rows or on which blocks hold its keys.
 *
 * Source: Kwon et al. 2023, "Efficient Memory Management for Large Language Model Serving with
 * PagedAttention".
 *
 * @throws {RangeError} if shapes do not fit each other, or a head has more than 128 channels
 */
export function pagedAttentionForward(
  pass: Pass,
  t: PagedAttentionTensors,
  { heads, rows: M = t.y.shape[0] }: PagedAttentionOptions,
): void {
  const op = "pagedAttentionForward";
  const { q, keys, values, rows, blocks, y } = t;
  const [held, C] = q.shape;
  const headSize = C / heads;
  if (!Number.isInteger(headSize) || headSize > MAX_HEAD_SIZE) {
    throw new RangeError(
      `Cannot run ${op}: C / heads must be a whole number up to ${MAX_HEAD_SIZE}, got ${C} / ${heads}`,
    );
  }
  const cells = keys.shape[0];
  assertShapes(op, { ...t, keys: keys as Tensor, values: values as Tensor }, {
    ...{ keys: [cells, C], values: [cells, C] },
    ...{ rows: [rows.shape[0], 4], y: [y.shape[0], C] },
  });
  const least = Math.min(held, rows.shape[0], y.shape[0]);
  if (least < M) throw new RangeError(`Cannot run ${op}: ${M} rows wanted, ${least} given`);
  const texels = !(keys instanceof Tensor);
  const vector = headSize % 4 === 0;
  const most = texels ? uniformRows(q) : 0;
  const step = most || M;
  const table = texels ? tableVectors(blocks) : 0;
  const W = blocks.shape[1];
  for (let first = 0; first < M; first += step) {
    const [m, bound] = [M - first, held - first].map((count) => Math.min(step, count));
    // Loads are what costs on software adapters, threads what keeps a GPU busy.
    const tile = texels && m >= 8 && headSize <= 64 ? 2 : 1;
    const lanes = texels ? 1 : headSize > 64 ? 16 : 32;
    const owners = Math.ceil(m / tile) * heads;
    const code = pagedAttentionWgsl({
      ...{ heads, headSize, vector, texels, rows: rows.shape[0], tile },
      uniform: most > 0 ? bound * C / 4 : 0,
      ...{ table, lanes },
    });
    pass.launch(
      { label: `paged_attention/forward ${headSize}`, code },
      { ...t, q: most > 0 ? q.view(first * C, [bound, C]) : q },
      { M: m, NH: heads, W, first, scale: 1 / Math.sqrt(headSize) },
      lanes === 1 ? { threads: owners } : { workgroups: [Math.ceil(m / tile), heads] },
    );
  }
}

/**
 * Attention of one row as {@linkcode pagedAttentionForward} computes it, its projection and the residual
 * stream, y = attention·w + bias + add, in one launch where two would be dear. Overwrites the first row of y.
 *
 * Its bits are those of `pagedAttentionForward` and then `linearForward`.
 *
 * @throws {RangeError} if shapes do not fit each other, or {@linkcode absorbsProjection} says no
 */
export function pagedAttentionProjected(
  pass: Pass,
  t: PagedAttentionProjectedTensors,
  { heads }: { heads: number },
): void {
  const { q, keys, values, blocks, w, bias, add } = t;
  const C = q.shape[1];
  const [cells, W] = [keys.shape[0], blocks.shape[1]];
  assertShapes("pagedAttentionProjected", {
    ...t,
    ...{ keys: keys as Tensor, values: values as Tensor, w: w as unknown as Tensor },
  }, {
    ...{ keys: [cells, C], values: [cells, C], w: [C, C], bias: [C], add: [add.shape[0], C] },
    ...{ rows: [t.rows.shape[0], 4], y: [t.y.shape[0], C] },
  });
  if (keys instanceof Tensor || !absorbsProjection(heads, C)) {
    throw new RangeError(
      `Cannot run pagedAttentionProjected: a cache in textures with at most 8 heads, 256 channels and 64 a head, a multiple of 4, wanted, got ${heads} heads and ${C} channels`,
    );
  }
  const headSize = C / heads;
  const code = pagedAttentionWgsl({
    ...{ heads, headSize, vector: true, texels: true, rows: t.rows.shape[0], tile: 1, lanes: 1 },
    ...{ uniform: C / 4, table: tableVectors(blocks), projection: { bias: bias !== undefined } },
  });
  pass.launch(
    { label: `paged_attention/projected ${headSize}`, code },
    { ...t, q: q.view(0, [1, C]) },
    { M: 1, NH: heads, W, first: 0, scale: 1 / Math.sqrt(headSize) },
    { workgroups: [1] },
    2 * C * C,
  );
}

/** Whether {@linkcode pagedAttentionProjected} takes so many heads and channels: a core is enough for them. */
export function absorbsProjection(heads: number, C: number): boolean {
  return heads <= ALONE && C <= 256 && C / heads % 4 === 0 && C / heads <= 64;
}

/** Vectors of a block table that fits a uniform binding, or 0. */
function tableVectors(blocks: Tensor): number {
  return blocks.size % 4 === 0 && blocks.bytes <= UNIFORM_BYTES ? blocks.size / 4 : 0;
}

/** What each adapter allows a uniform binding. */
const UNIFORM_BYTES = 65_536;
