import type { Pass, Tensor } from "../gpu/mod.ts";
import { assertShapes } from "../gpu/mod.ts";
import { geluBackwardWgsl, geluForwardWgsl } from "./gelu.wgsl.ts";

export { gateWgsl } from "./gelu.wgsl.ts";

/**
 * GELU, tanh form: y = ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))). Overwrites y.
 *
 * Source: Hendrycks & Gimpel 2016, "Gaussian Error Linear Units".
 *
 * @param t x, y: tensors of one shape
 * @throws {RangeError} if the shapes differ
 */
export function geluForward(pass: Pass, t: { x: Tensor; y: Tensor }): void {
  const n = t.x.size;
  assertShapes("geluForward", t, { x: t.x.shape, y: t.x.shape });
  pass.launch({ label: "gelu/forward", code: geluForwardWgsl }, t, { n }, { threads: n });
}

/**
 * Gradient of {@linkcode geluForward}: dx = dy·∂y/∂x. Overwrites dx, which may not be dy.
 *
 * @param t x, dy, dx: tensors of one shape
 * @throws {RangeError} if the shapes differ
 */
export function geluBackward(pass: Pass, t: { x: Tensor; dy: Tensor; dx: Tensor }): void {
  const n = t.x.size;
  assertShapes("geluBackward", t, { x: t.x.shape, dy: t.x.shape, dx: t.x.shape });
  pass.launch({ label: "gelu/backward", code: geluBackwardWgsl }, t, { n }, { threads: n });
}
