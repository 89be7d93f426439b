import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { residualForwardWgsl } from "./residual.wgsl.ts";

/**
 * Adds a branch to the residual stream: y = a + b. Overwrites y. Its gradient needs no kernel: that of
 * y is also that of a and of b.
 *
 * @param t a, b, y: tensors of one shape
 * @throws {RangeError} if the shapes differ
 */
export function residualForward(pass: Pass, t: { a: Tensor; b: Tensor; y: Tensor }): void {
  assertShapes("residualForward", t, { b: t.a.shape, y: t.a.shape });
  const vector = t.a.size % 4 === 0;
  const n = t.a.size / (vector ? 4 : 1);
  const shader = { label: "residual/forward", code: residualForwardWgsl(vector) };
  pass.launch(shader, t, { n }, { threads: n });
}
