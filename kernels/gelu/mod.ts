import type { Pass, Tensor } from "../gpu/mod.ts";
import { assertShapes } from "../gpu/mod.ts";
import { geluBackwardWgsl, geluForwardWgsl } from "./gelu.wgsl.ts";

export { gateWgsl, slopeWgsl } from "./gelu.wgsl.ts";

/**
 * GELU, tanh form: y = ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))). Overwrites y.
 *
 * Source: Hendrycks & Gimpel 2016, "Gaussian Error Linear Units".
 *
 * @param t x, y: tensors of one shape
 * @throws {RangeError} if the shapes differ
 */
export function geluForward(pass: Pass, t: { x: Tensor; y: Tensor }): void {
  assertShapes("geluForward", t, { x: t.x.shape, y: t.x.shape });
  launch(pass, "gelu/forward", geluForwardWgsl, t);
}

/**
 * Gradient of {@linkcode geluForward}: dx = dy·∂y/∂x. Overwrites dx, which may not be dy.
 *
 * @param t x, dy, dx: tensors of one shape
 * @throws {RangeError} if the shapes differ
 */
export function geluBackward(pass: Pass, t: { x: Tensor; dy: Tensor; dx: Tensor }): void {
  assertShapes("geluBackward", t, { x: t.x.shape, dy: t.x.shape, dx: t.x.shape });
  launch(pass, "gelu/backward", geluBackwardWgsl, t);
}

function launch(
  pass: Pass,
  label: string,
  code: (vector: boolean) => string,
  t: Record<string, Tensor> & { x: Tensor },
): void {
  const vector = t.x.size % 4 === 0;
  const n = t.x.size / (vector ? 4 : 1);
  pass.launch({ label, code: code(vector) }, t, { n }, { threads: n });
}
