import { biasGradientPartialShape, sumSlices } from "../bias_gradient/mod.ts";
import { assertShapes, type Pass, prefersMatrices, type Tensor, uniformRows } from "../gpu/mod.ts";
import {
  layernormBackwardWgsl,
  layernormForwardWgsl,
  layernormSlicesWgsl,
} from "./layernorm.wgsl.ts";

export { normedWgsl, type NormRow, statisticsWgsl } from "./layernorm.wgsl.ts";

/** Tensors of {@linkcode layernormForward}. */
export interface LayernormTensors {
  /** [N, C]. */
  x: Tensor;
  /** [C]. */
  gain: Tensor;
  /** [C]. @default none */
  bias?: Tensor;
  /** [N, C]. */
  y: Tensor;
  /** Mean of each row, [N]. */
  mean: Tensor;
  /** 1/√(variance + ε) of each row, [N]. */
  rstd: Tensor;
}

/**
 * Layer norm of rows: y = (x − mean)·rstd·gain + bias. Overwrites y, mean and rstd.
 *
 * Source: Ba, Kiros & Hinton 2016, "Layer Normalization".
 *
 * @param options.eps added to the variance. @default 1e-5
 * @throws {RangeError} if the shapes do not fit
 */
export function layernormForward(
  pass: Pass,
  t: LayernormTensors,
  { eps = 1e-5 }: { eps?: number } = {},
): void {
  const [N, C] = t.x.shape;
  const rows = { y: [N, C], mean: [N], rstd: [N] };
  assertShapes("layernormForward", { ...t }, { x: [N, C], gain: [C], bias: [C], ...rows });
  const variant = {
    vector: C % 4 === 0,
    bias: t.bias !== undefined,
    matrix: prefersMatrices(t.x),
  };
  pass.launch(
    { label: "layernorm/forward", code: layernormForwardWgsl({ ...variant, saved: true }) },
    { ...t },
    { N, C: C / (variant.vector ? 4 : 1), first: 0, reciprocal: 1 / C, eps },
    { threads: N },
  );
}

/** Tensors of {@linkcode layernormRowsForward}. */
export interface LayernormRowsTensors {
  /** [at least M, C]. */
  x: Tensor;
  /** [C]. */
  gain: Tensor;
  /** [C]. @default none */
  bias?: Tensor;
  /** [at least M, C]. */
  y: Tensor;
}

/** Options of {@linkcode layernormRowsForward}. */
export interface LayernormRowsOptions {
  /** Rows to compute, M. @default all rows of y */
  rows?: number;
  /** Whether x is read through uniform buffers, where it fits them. @default false */
  uniform?: boolean;
  /** Added to the variance. @default 1e-5 */
  eps?: number;
}

/**
 * Layer norm in inference: that of {@linkcode layernormForward} for the first M rows, without what a
 * backward pass would need. Overwrites those rows of y.
 *
 * @throws {RangeError} if the shapes do not fit
 */
export function layernormRowsForward(
  pass: Pass,
  t: LayernormRowsTensors,
  { rows: M = t.y.shape[0], uniform = false, eps = 1e-5 }: LayernormRowsOptions = {},
): void {
  const { x, bias, y } = t;
  const [held, C] = x.shape;
  const op = "layernormRowsForward";
  assertShapes(op, { ...t }, { gain: [C], bias: [C], y: [y.shape[0], C] });
  if (held < M || y.shape[0] < M) {
    throw new RangeError(
      `Cannot run ${op}: ${M} rows wanted, got x [${x.shape}] and y [${y.shape}]`,
    );
  }
  const most = uniform ? uniformRows(x) : 0;
  const step = most || M;
  const vector = C % 4 === 0;
  for (let first = 0; first < M; first += step) {
    const [N, bound] = [M - first, held - first].map((rows) => Math.min(step, rows));
    const code = layernormForwardWgsl({
      ...{ vector, bias: bias !== undefined },
      ...(most > 0 ? { uniform: bound * C / 4, uniformGain: C / 4 } : {}),
    });
    pass.launch(
      { label: "layernorm/rows", code },
      { ...t, x: most > 0 ? x.view(first * C, [bound, C]) : x },
      { N, C: C / (vector ? 4 : 1), first, reciprocal: 1 / C, eps },
      { threads: N },
    );
  }
}

/** Tensors of {@linkcode layernormBackward}. */
export interface LayernormBackwardTensors {
  /** [N, C]. */
  x: Tensor;
  /** [C]. */
  gain: Tensor;
  /** [N], from the forward pass. */
  mean: Tensor;
  /** [N], from the forward pass. */
  rstd: Tensor;
  /** [N, C]. */
  dy: Tensor;
  /** [N, C]. */
  dx: Tensor;
  /** [C]. @default none, where the gain is frozen */
  dgain?: Tensor;
  /** [C]. @default none */
  dbias?: Tensor;
  /** Scratch, of {@linkcode layernormPartialShape}. */
  partial: Tensor;
}

/** Shape of the scratch tensor that {@linkcode layernormBackward} needs for x [N, C]. */
export function layernormPartialShape(shape: readonly number[]): [number, number] {
  const [S, C] = biasGradientPartialShape(shape);
  // Two parts, each beginning where a view may: at a multiple of 64 elements.
  return [2, Math.ceil(S * C / 64) * 64];
}

/**
 * Gradients of {@linkcode layernormForward}: overwrites dx, or adds to it; adds to dgain and dbias;
 * overwrites partial.
 *
 * @param options.accumulate adds to dx. @default false
 * @throws {RangeError} if the shapes do not fit
 */
export function layernormBackward(
  pass: Pass,
  t: LayernormBackwardTensors,
  { accumulate = false }: { accumulate?: boolean } = {},
): void {
  const { x, gain, mean, rstd, dy, dx, dgain, dbias, partial } = t;
  const [N, C] = x.shape;
  assertShapes("layernormBackward", { ...t }, {
    ...{ x: [N, C], gain: [C], mean: [N], rstd: [N], dy: [N, C], dx: [N, C] },
    ...{ dgain: [C], dbias: [C], partial: layernormPartialShape(x.shape) },
  });
  const variant = {
    ...{ vector: C % 4 === 0, bias: dbias !== undefined, accumulate },
    matrix: prefersMatrices(x, mean),
  };
  const columns = C / (variant.vector ? 4 : 1);
  pass.launch(
    { label: "layernorm/backward", code: layernormBackwardWgsl(variant) },
    { x, gain, mean, rstd, dy, dx },
    { N, C: columns, reciprocal: 1 / C },
    { threads: N },
  );
  if (!dgain && !dbias) return;
  const [S] = biasGradientPartialShape(x.shape);
  const gains = partial.view(0, [S, C]);
  const biases = partial.view(partial.shape[1], [S, C]);
  pass.launch(
    { label: "layernorm/slices", code: layernormSlicesWgsl(variant) },
    { x, mean, rstd, dy, gains, ...(dbias ? { biases } : {}) },
    { N, C: columns, S },
    { threads: S * columns },
  );
  if (dgain) sumSlices(pass, { partial: gains, dbias: dgain });
  if (dbias) sumSlices(pass, { partial: biases, dbias });
}
