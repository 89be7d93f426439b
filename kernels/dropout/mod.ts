import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { dropoutParams } from "../random/mod.ts";
import { dropoutWgsl } from "./dropout.wgsl.ts";

/** Options of dropout. */
export interface DropoutOptions {
  /** Share of elements dropped, in [0, 1). */
  rate: number;
  /** Tells apart the places where dropout acts. */
  layer: number;
}

/** Tensors of {@linkcode dropoutForward}. */
export interface DropoutTensors {
  /** Any shape. */
  x: Tensor;
  /** u32 [2], seed and step, written before each step. */
  clock: Tensor;
  /** As x. @default x itself */
  y?: Tensor;
}

/**
 * Drops elements of x and scales the others by 1 / (1 − rate). The mask is a function of seed, step, layer
 * and element, so nothing is stored: {@linkcode dropoutBackward} computes it again. Overwrites y, or x
 * where none is given.
 *
 * Source: Srivastava et al. 2014, "Dropout".
 *
 * @throws {RangeError} if the rate is not in [0, 1), or the shapes differ
 */
export function dropoutForward(
  pass: Pass,
  t: DropoutTensors,
  { rate, layer }: DropoutOptions,
): void {
  const { x, clock } = t;
  assertShapes("dropout", { ...t }, { clock: [2], y: x.shape });
  const vector = x.size % 4 === 0;
  const n = x.size / (vector ? 4 : 1);
  const shader = { label: "dropout", code: dropoutWgsl({ vector, inPlace: t.y === undefined }) };
  const params = { n, ...dropoutParams(rate, layer) };
  pass.launch(shader, { x, clock, ...(t.y && { y: t.y }) }, params, { threads: n });
}

/** Gradient of {@linkcode dropoutForward}: the same mask and scale, on the gradient. */
export const dropoutBackward: typeof dropoutForward = dropoutForward;
