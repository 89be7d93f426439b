import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { columnSlicesWgsl, sumSlicesWgsl } from "./bias_gradient.wgsl.ts";

/** Slices that the rows are summed in; fixed, so that the order of a sum is too. */
const SLICES = 32;

/** Shape of the scratch tensor that {@linkcode biasGradient} needs for dy [N, C]. */
export function biasGradientPartialShape([N, C]: readonly number[]): [number, number] {
  return [Math.min(SLICES, N), C];
}

/**
 * Adds the column sums of dy to a bias's gradient: dbias[c] += Σ_n dy[n][c]. Overwrites partial.
 *
 * @param t dy [N, C]; dbias [C]; partial of {@linkcode biasGradientPartialShape}
 * @throws {RangeError} if the shapes do not fit
 */
export function biasGradient(
  pass: Pass,
  t: { dy: Tensor; dbias: Tensor; partial: Tensor },
): void {
  const { dy, dbias, partial } = t;
  const [N, C] = dy.shape;
  const [S] = biasGradientPartialShape(dy.shape);
  assertShapes("biasGradient", t, { dy: [N, C], dbias: [C], partial: [S, C] });
  const vector = C % 4 === 0;
  const columns = C / (vector ? 4 : 1);
  pass.launch(
    { label: "bias_gradient/slices", code: columnSlicesWgsl(vector) },
    { dy, partial },
    { N, C: columns, S },
    { threads: S * columns },
  );
  sumSlices(pass, { partial, dbias });
}

/**
 * Second step of column sums: dbias[c] += Σ_s partial[s][c]; layer norm's gradients share it.
 *
 * @param t partial [S, C]; dbias [C]
 */
export function sumSlices(pass: Pass, t: { partial: Tensor; dbias: Tensor }): void {
  const [S, C] = t.partial.shape;
  const shader = { label: "bias_gradient/sum", code: sumSlicesWgsl };
  pass.launch(shader, t, { C, S }, { threads: C });
}
