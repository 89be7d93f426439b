import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import {
  embeddingChainsWgsl,
  embeddingForwardWgsl,
  embeddingPositionsWgsl,
  embeddingRowsWgsl,
  embeddingTokensWgsl,
} from "./embedding.wgsl.ts";

export { LAST_TOKEN } from "./embedding.wgsl.ts";

/** Options of {@linkcode embeddingForward} and its gradient. */
export interface EmbeddingOptions {
  /** What token embeddings are multiplied by. @default 1 */
  scale?: number;
  /** Row of wpe that position 0 has. @default 0 */
  offset?: number;
}

/** Tensors of {@linkcode embeddingForward}. */
export interface EmbeddingTensors {
  /** u32 [B, T], each below V. */
  tokens: Tensor;
  /** u32 [B, T]: the position of each token, below T. @default its place in the row, t */
  positions?: Tensor;
  /** [V, C]. */
  wte: Tensor;
  /** [at least offset + T, C]. */
  wpe: Tensor;
  /** [B, T, C]. */
  x: Tensor;
}

/**
 * Token plus position embedding: x[b][t] = scale·wte[tokens[b][t]] + wpe[offset + position].
 * Overwrites x. A wte larger than a binding is walked over in parts.
 *
 * @throws {RangeError} if the shapes do not fit
 */
export function embeddingForward(
  pass: Pass,
  t: EmbeddingTensors,
  { scale = 1, offset = 0 }: EmbeddingOptions = {},
): void {
  const { tokens, positions, wte, wpe, x } = t;
  const [B, T] = tokens.shape;
  const C = wte.shape[1];
  assertShapes("embeddingForward", { x, positions }, { x: [B, T, C], positions: [B, T] });
  assertPositions("embeddingForward", wpe, [offset + T, C]);
  const code = embeddingForwardWgsl({ positions: positions !== undefined });
  for (const { rows, first } of vocabularyRanges(wte)) {
    pass.launch(
      { label: "embedding/forward", code },
      { tokens, wte: rows, wpe, x, ...(positions ? { positions } : {}) },
      { N: B * T, T, C, first, rows: rows.shape[0], offset, scale },
      { threads: B * T * C },
    );
  }
}

/** Tensors of {@linkcode embeddingRowsForward}. */
export interface EmbeddingRowsTensors {
  /** u32 [at least M, 4]: slot, position, token and cache cell of each row. */
  rows: Tensor;
  /** u32 [slots]: the token of rows whose own is {@linkcode LAST_TOKEN}. */
  last: Tensor;
  /** [V, C]. */
  wte: Tensor;
  /** [context, C]. */
  wpe: Tensor;
  /** [at least M, C]. */
  x: Tensor;
}

/**
 * Token plus position embedding of rows of any sequences: x[i] = wte[token] + wpe[position]. Overwrites
 * M rows of x. A wte larger than a binding is walked over in parts.
 *
 * @param options.rows rows to compute, M. @default all rows of x
 * @throws {RangeError} if the shapes do not fit
 */
export function embeddingRowsForward(
  pass: Pass,
  t: EmbeddingRowsTensors,
  { rows: M = t.x.shape[0] }: { rows?: number } = {},
): void {
  const { rows, last, wte, wpe, x } = t;
  const [V, C] = wte.shape;
  assertShapes("embeddingRowsForward", { ...t }, {
    rows: [rows.shape[0], 4],
    wpe: [wpe.shape[0], C],
    x: [x.shape[0], C],
  });
  if (rows.shape[0] < M || x.shape[0] < M) {
    throw new RangeError(
      `Cannot run embeddingRowsForward: ${M} rows wanted, got rows [${rows.shape}] and x [${x.shape}]`,
    );
  }
  const vector = C % 4 === 0;
  const width = C / (vector ? 4 : 1);
  const code = embeddingRowsWgsl({ vector, rows: rows.shape[0] });
  for (const { rows: part, first } of vocabularyRanges(wte)) {
    pass.launch(
      { label: "embedding/rows", code },
      { rows, last, wte: part, wpe, x },
      { n: M * width, C: width, V, first, count: part.shape[0] },
      { threads: M * width },
    );
  }
}

/** Tensors of {@linkcode embeddingBackward}. */
export interface EmbeddingBackwardTensors {
  /** u32 [B, T], each below V. */
  tokens: Tensor;
  /** u32 [B, T], as in the forward pass. */
  positions?: Tensor;
  /** [B, T, C]. */
  dx: Tensor;
  /** [V, C]. @default none, where it is frozen */
  dwte?: Tensor;
  /** [at least offset + T, C]. @default none, where it is frozen */
  dwpe?: Tensor;
  /** Scratch, u32 [B, T]. */
  next: Tensor;
}

/**
 * Gradients of {@linkcode embeddingForward}: adds to dwte and dwpe, overwrites next. The work does not
 * grow with the vocabulary: positions of one token are chained, and the first sums them all.
 *
 * @throws {RangeError} if the shapes do not fit
 */
export function embeddingBackward(
  pass: Pass,
  t: EmbeddingBackwardTensors,
  { scale = 1, offset = 0 }: EmbeddingOptions = {},
): void {
  const { tokens, positions, dx, dwte, dwpe, next } = t;
  const [B, T, C] = dx.shape;
  assertShapes("embeddingBackward", { ...t }, {
    ...{ tokens: [B, T], dx: [B, T, C], dwte: [dwte?.shape[0] ?? 0, C], next: [B, T] },
    positions: [B, T],
  });
  if (dwte) addByIds(pass, { ids: tokens, dx, table: dwte, next }, { scale, offset: 0 });
  if (!dwpe) return;
  assertPositions("embeddingBackward", dwpe, [offset + T, C]);
  if (positions) {
    addByIds(pass, { ids: positions, dx, table: dwpe, next }, { scale: 1, offset });
    return;
  }
  pass.launch(
    { label: "embedding/positions", code: embeddingPositionsWgsl },
    { dx, dwpe },
    { B, n: T * C, start: offset * C },
    { threads: T * C },
  );
}

/** Adds to each row of a table the sum of dx at the places that have its id; overwrites next. */
function addByIds(
  pass: Pass,
  t: { ids: Tensor; dx: Tensor; table: Tensor; next: Tensor },
  { scale, offset }: { scale: number; offset: number },
): void {
  const { ids, dx, table, next } = t;
  const C = table.shape[1];
  const N = ids.size;
  pass.launch(
    { label: "embedding/chains", code: embeddingChainsWgsl },
    { tokens: ids, next },
    { N },
    { threads: N },
  );
  for (const { rows, first } of vocabularyRanges(table)) {
    pass.launch(
      { label: "embedding/tokens", code: embeddingTokensWgsl },
      { tokens: ids, next, dx, dwte: rows },
      { N, C, first: (first - offset) >>> 0, rows: rows.shape[0], scale },
      { threads: N * C },
    );
  }
}

function assertPositions(op: string, { shape }: Tensor, [T, C]: [number, number]): void {
  if (shape[0] >= T && shape[1] === C) return;
  throw new RangeError(
    `Cannot run ${op}: positions must be [at least ${T}, ${C}], got [${shape}]`,
  );
}

/** Rows of an embedding in parts that may be bound; a part begins at a multiple of 64 rows. */
function vocabularyRanges(wte: Tensor): { rows: Tensor; first: number }[] {
  const [V, C] = wte.shape;
  const most = Math.max(64, Math.floor(wte.device.maxBindingBytes / 4 / C / 64) * 64);
  return Array.from({ length: Math.ceil(V / most) }, (_, i) => ({
    first: i * most,
    rows: wte.view(i * most * C, [Math.min(most, V - i * most), C]),
  }));
}
