import { biasGradientPartialShape, sumSlices } from "../bias_gradient/mod.ts";
import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import {
  layernormBackwardWgsl,
  layernormForwardWgsl,
  layernormSlicesWgsl,
} from "./layernorm.wgsl.ts";

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
  const variant = { vector: C % 4 === 0, bias: t.bias !== undefined };
  pass.launch(
    { label: "layernorm/forward", code: layernormForwardWgsl(variant) },
    { ...t },
    { N, C: C / (variant.vector ? 4 : 1), reciprocal: 1 / C, eps },
    { threads: N },
  );
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
  /** [C]. */
  dgain: Tensor;
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
  const variant = { vector: C % 4 === 0, bias: dbias !== undefined, accumulate };
  const columns = C / (variant.vector ? 4 : 1);
  pass.launch(
    { label: "layernorm/backward", code: layernormBackwardWgsl(variant) },
    { x, gain, mean, rstd, dy, dx },
    { N, C: columns, reciprocal: 1 / C },
    { threads: N },
  );
  const [S] = biasGradientPartialShape(x.shape);
  const gains = partial.view(0, [S, C]);
  const biases = partial.view(partial.shape[1], [S, C]);
  pass.launch(
    { label: "layernorm/slices", code: layernormSlicesWgsl(variant) },
    { x, mean, rstd, dy, gains, ...(dbias ? { biases } : {}) },
    { N, C: columns, S },
    { threads: S * columns },
  );
  sumSlices(pass, { partial: gains, dbias: dgain });
  if (dbias) sumSlices(pass, { partial: biases, dbias });
}
