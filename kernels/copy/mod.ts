import { assertShapes, bindableViews, type Pass, type Tensor } from "../gpu/mod.ts";
import { copyWgsl } from "./copy.wgsl.ts";

/**
 * Copies x to y. Overwrites y; tensors larger than a binding are walked over in parts.
 *
 * @param t x, y: tensors of one shape, f32
 * @throws {RangeError} if the shapes differ
 */
export function copy(pass: Pass, t: { x: Tensor; y: Tensor }): void {
  assertShapes("copy", t, { y: t.x.shape });
  const into = bindableViews(t.y);
  bindableViews(t.x).forEach((x, i) => {
    const n = x.size;
    pass.launch({ label: "copy", code: copyWgsl }, { x, y: into[i] }, { n }, { threads: n });
  });
}
