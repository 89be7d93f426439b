import { bindableViews, type Pass, type Tensor } from "../gpu/mod.ts";
import { fillWgsl } from "./fill.wgsl.ts";

/**
 * Overwrites every element of x with a value. A tensor larger than a binding is walked over in parts.
 *
 * @param t x: any shape, f32
 */
export function fill(pass: Pass, t: { x: Tensor }, { value }: { value: number }): void {
  for (const x of bindableViews(t.x)) {
    const vector = x.size % 4 === 0;
    const n = x.size / (vector ? 4 : 1);
    pass.launch({ label: "fill", code: fillWgsl(vector) }, { x }, { n, value }, { threads: n });
  }
}
