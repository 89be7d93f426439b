import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { accumulateSumWgsl } from "./sum.wgsl.ts";

/**
 * Adds a sum to one element of a ring: total[slot[0]] += Σ x. The order of the sum is fixed.
 *
 * @param t x [n]; total [k]; slot u32 [1], below k
 * @throws {RangeError} if slot has another shape
 */
export function accumulateSum(pass: Pass, t: { x: Tensor; total: Tensor; slot: Tensor }): void {
  assertShapes("accumulateSum", t, { slot: [1] });
  const { x, total, slot } = t;
  pass.launch(
    { label: "sum/accumulate", code: accumulateSumWgsl },
    { x, total, slot },
    { n: x.size },
    { workgroups: [1] },
  );
}
