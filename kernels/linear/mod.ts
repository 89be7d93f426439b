import { assertShapes, type Pass, Tensor, type Texels, uniformRows } from "../gpu/mod.ts";
import { type LinearVariant, linearWgsl } from "./linear.wgsl.ts";

/** Tensors of {@linkcode linearForward}. */
export interface LinearTensors {
  /** [at least M, K]. */
  x: Tensor;
  /** [K]: takes x after a layer norm with this gain, as `layernormRowsForward` would write it. @default none */
  gain?: Tensor;
  /** [K]: the bias of that layer norm. @default none */
  offset?: Tensor;
  /** [K, N] in layout NN, [N, K] in layout NT. */
  w: Tensor | Texels;
  /** [N], added to each row. @default none */
  bias?: Tensor;
  /** [at least M, N], added before GELU, such as an adapter's part; in layout NN only. @default none */
  delta?: Tensor;
  /** [at least M, N], added to the result; in layout NN only, and not y itself. @default none */
  add?: Tensor;
  /** [at least M, N]. */
  y: Tensor;
}

/** Options of {@linkcode linearForward}. */
export interface LinearOptions {
  /** How w lies in memory: NN as [K, N], NT as [N, K]. */
  layout: "NN" | "NT";
  /** Rows to compute, M. @default all rows of y */
  rows?: number;
  /** Applies GELU before `add`. @default false */
  gelu?: boolean;
}

/** Tensors of {@linkcode qkvForward}. */
export interface QkvTensors {
  /** [at least M, C]. */
  x: Tensor;
  /** [C]: takes x after a layer norm with this gain, as `layernormRowsForward` would write it. @default none */
  gain?: Tensor;
  /** [C]: the bias of that layer norm. @default none */
  offset?: Tensor;
  /** [C, 3C]. */
  w: Tensor | Texels;
  /** [3C]. @default none */
  bias?: Tensor;
  /** [at least M, 3C], added to the product, such as an adapter's part. @default none */
  delta?: Tensor;
  /** Queries, [at least M, C]. */
  q: Tensor;
  /** Cache of keys, [cells, C]; in a texture where w is. */
  keys: Tensor | Texels;
  /** Cache of values, [cells, C]; in a texture where w is. */
  values: Tensor | Texels;
  /** u32 [at least M, 4]: the cell of each row is its last element. */
  rows: Tensor;
}

/**
 * A linear layer of inference: y = x·w + bias, then GELU or + add where asked for. Overwrites y.
 *
 * Each element is summed over k in order, so a row has the same bits whatever the number of rows. With
 * w in a texture x is read through uniform buffers, which is several times as fast on software adapters.
 *
 * @throws {RangeError} if the sizes do not fit each other
 */
export function linearForward(pass: Pass, t: LinearTensors, options: LinearOptions): void {
  const { x, gain, offset, w, bias, delta, add, y } = t;
  const { layout, rows: M = y.shape[0], gelu = false } = options;
  const [K, N] = [x.shape[1], y.shape[1]];
  if ((add || delta) && layout === "NT") {
    throw new TypeError("Cannot run linearForward: add and delta need layout NN");
  }
  assertShapes("linearForward", { w: w as Tensor, bias, gain, offset }, {
    w: layout === "NN" ? [K, N] : [N, K],
    ...{ bias: [N], gain: [K], offset: [K] },
  });
  assertRows("linearForward", M, { x, y, add, delta });
  assertShapes("linearForward", { delta }, { delta: [delta?.shape[0] ?? 0, N] });
  for (const { first, part } of columnParts(w, layout)) {
    launchBlocks(pass, { x, gain, offset, w: part, bias, delta, add }, { y }, {
      ...{ layout, M, N: layout === "NN" ? N : part.shape[0], column: first, stride: N },
      ...{ gelu, cells: 0 },
    });
  }
}

/**
 * Queries, keys and values in one product: x·w + bias with its first C columns written to q and the
 * others to the cells of the cache that `rows` names. Overwrites q and those cells.
 *
 * @param options.rows rows to compute, M. @default all rows of q
 * @throws {RangeError} if the sizes do not fit each other
 */
export function qkvForward(
  pass: Pass,
  t: QkvTensors,
  { rows: M = t.q.shape[0] }: { rows?: number } = {},
): void {
  const { x, gain, offset, w, bias, delta, q, keys, values, rows } = t;
  const C = x.shape[1];
  const cells = keys.shape[0];
  assertShapes("qkvForward", { w: w as Tensor, bias, gain, offset, values: values as Tensor }, {
    ...{ w: [C, 3 * C], bias: [3 * C], gain: [C], offset: [C], values: [cells, C] },
  });
  assertRows("qkvForward", M, { x, q, rows, delta });
  assertShapes("qkvForward", { delta }, { delta: [delta?.shape[0] ?? 0, 3 * C] });
  launchBlocks(pass, { x, gain, offset, w, bias, delta }, { y: q, keys, values, cells: rows }, {
    ...{ layout: "NN", M, N: 3 * C, column: 0, stride: C },
    ...{ gelu: false, cells: rows.shape[0] },
  });
}

/**
 * Whether the layer norm of M rows of K is better computed by each workgroup of the product of N columns that
 * reads it than by a launch of its own, on an adapter where a launch is dear; see tests/kernels/LOG.md.
 */
export function absorbsNorm(layout: "NN" | "NT", M: number, K: number, N: number): boolean {
  const owned = LANES.texels *
    (layout === "NN" ? 4 * columnsOf(layout, 1, N / 4) : TILES.NT.columns);
  return M === 1 && K * Math.ceil(N / owned) <= 4096;
}

/** Threads of a workgroup: those that a software adapter runs at once, or a GPU's. */
const LANES = { texels: 8, buffers: 64 };

/** Rows that a thread owns, as many as there are, and its columns or vectors; see tests/kernels/LOG.md. */
const TILES = {
  NN: { rows: [1, 4, 8, 16], columns: 1 },
  NT: { rows: [1, 4, 8], columns: 4 },
};

/** Columns, or vectors, of a thread: one row leaves registers for more, if few workgroups are enough. */
function columnsOf(layout: "NN" | "NT", rows: number, columns: number): number {
  if (layout === "NT" || rows > 1) return TILES[layout].columns;
  return columns < 96 ? 2 : 4;
}

/** What {@linkcode launchBlocks} works on: M rows, and columns `column` … `column` + N of y. */
interface Extent extends Pick<LinearVariant, "layout" | "gelu" | "cells"> {
  M: number;
  N: number;
  column: number;
  /** Elements of a row of y. */
  stride: number;
}

/** Launches one kernel, or one for each block of rows whose x, and add, fit a uniform binding. */
function launchBlocks(
  pass: Pass,
  { x, gain, offset, w, bias, delta, add }: Omit<LinearTensors, "y">,
  written: Record<string, Tensor | Texels>,
  { layout, M, N, column, stride, gelu, cells }: Extent,
): void {
  const K = x.shape[1];
  const texels = !(w instanceof Tensor);
  const vector = K % 4 === 0 && (layout === "NT" || N % 4 === 0);
  if (texels && !vector) {
    throw new RangeError(
      `Cannot read ${w.label} [${w.shape}] from a texture: 4 must divide its sizes`,
    );
  }
  const most = texels ? uniformRows(...(add ? [x, add] : [x])) : 0;
  const widthX = vector ? 4 : 1;
  const widthY = vector && layout === "NN" ? 4 : 1;
  const columns = N / widthY;
  for (let row = 0; row < M; row += most || M) {
    const [m, held] = [M, x.shape[0]].map((end) => Math.min(most || M, end - row));
    const block = (tensor: Tensor) => {
      const width = tensor.shape[1];
      return most > 0 ? tensor.view(row * width, [held, width]) : tensor;
    };
    const tile = TILES[layout];
    const rows = tile.rows.find((rows) => rows >= m) ?? tile.rows[tile.rows.length - 1];
    const variant: LinearVariant = {
      ...{ layout, vector, texels, rows, lanes: texels ? LANES.texels : LANES.buffers },
      columns: texels ? columnsOf(layout, rows, columns) : tile.columns,
      ...{ gelu, cells, bias: bias !== undefined, add: add !== undefined },
      ...(gain ? { norm: { bias: offset !== undefined } } : {}),
      delta: delta !== undefined,
      uniform: most > 0 ? held * K / 4 : 0,
      uniformGain: most > 0 ? K / 4 : 0,
      uniformAdd: most > 0 && add ? held * add.shape[1] / 4 : 0,
    };
    pass.launch(
      { label: `linear/${layout} ${rows}${texels ? " texels" : ""}`, code: linearWgsl(variant) },
      {
        ...written,
        ...{ x: block(x), w },
        ...(gain ? { gain } : {}),
        ...(offset ? { offset } : {}),
        ...(bias ? { bias } : {}),
        ...(delta ? { delta } : {}),
        ...(add ? { add: block(add) } : {}),
      },
      {
        ...{ M: m, K: K / widthX, N: columns, row },
        ...{ column: column / widthY, stride: stride / widthY },
        ...(gain ? { reciprocal: 1 / K, eps: 1e-5 } : {}),
      },
      { workgroups: [Math.ceil(columns / (variant.lanes * variant.columns)), Math.ceil(m / rows)] },
      2 * m * N * K,
    );
  }
}

/** The rows of w in layout NT in parts that may be bound, each beginning at a multiple of 64. */
function columnParts(
  w: Tensor | Texels,
  layout: "NN" | "NT",
): { first: number; part: Tensor | Texels }[] {
  if (layout === "NN" || !(w instanceof Tensor)) return [{ first: 0, part: w }];
  const [N, K] = w.shape;
  const most = Math.max(64, Math.floor(w.device.maxBindingBytes / 4 / K / 64) * 64);
  return Array.from({ length: Math.ceil(N / most) }, (_, i) => ({
    first: i * most,
    part: w.view(i * most * K, [Math.min(most, N - i * most), K]),
  }));
}

function assertRows(op: string, M: number, tensors: Record<string, Tensor | undefined>): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    if (!tensor || tensor.shape[0] >= M) continue;
    throw new RangeError(
      `Cannot run ${op}: ${name} must have at least ${M} rows, got [${tensor.shape}]`,
    );
  }
}
