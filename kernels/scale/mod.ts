import { bindableViews, type Pass, type Tensor } from "../gpu/mod.ts";
import { scaleWgsl } from "./scale.wgsl.ts";

/**
 * Multiplies every element of x by a factor, in place. A tensor larger than a binding is walked over
 * in parts.
 *
 * @param t x: any shape, f32
 */
export function scale(pass: Pass, t: { x: Tensor }, { factor }: { factor: number }): void {
  for (const x of bindableViews(t.x)) {
    const params = { n: x.size, factor };
    pass.launch({ label: "scale", code: scaleWgsl }, { x }, params, { threads: x.size });
  }
}
