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

/**
 * Drops elements of x and scales the others by 1 / (1 − rate), in place. The mask is a function of seed,
 * step, layer and element, so nothing is stored: {@linkcode dropoutBackward} computes it again.
 *
 * Source: Srivastava et al. 2014, "Dropout".
 *
 * @param t x: any shape; clock: u32 [2], seed and step, written before each step
 * @throws {RangeError} if the rate is not in [0, 1)
 */
export function dropoutForward(
  pass: Pass,
  t: { x: Tensor; clock: Tensor },
  { rate, layer }: DropoutOptions,
): void {
  const { x, clock } = t;
  assertShapes("dropout", { clock }, { clock: [2] });
  const params = { n: x.size, ...dropoutParams(rate, layer) };
  pass.launch({ label: "dropout", code: dropoutWgsl }, { x, clock }, params, { threads: x.size });
}

/** Gradient of {@linkcode dropoutForward}: the same mask and scale, on the gradient in place. */
export const dropoutBackward: typeof dropoutForward = dropoutForward;
