import { bindableViews, type Pass, type Tensor } from "../gpu/mod.ts";
import { fillWgsl } from "./fill.wgsl.ts";

/**
 * Overwrites every element of x with a value. A tensor larger than a binding is walked over in parts.
 *
 * @param t x: any shape, f32
 */
export function fill(pass: Pass, t: { x: Tensor }, { value }: { value: number }): void {
  for (const x of bindableViews(t.x)) {
    const params = { n: x.size, value };
    pass.launch({ label: "fill", code: fillWgsl }, { x }, params, { threads: x.size });
  }
}
