import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { gatherRowsWgsl } from "./gather.wgsl.ts";

/**
 * Copies chosen rows: y[r] = x[rows[r]]. Overwrites y.
 *
 * @param t x: [N, C]; rows: u32 [R], each below N; y: [R, C]
 * @throws {RangeError} if the shapes do not fit
 */
export function gatherRows(pass: Pass, t: { x: Tensor; rows: Tensor; y: Tensor }): void {
  const [R, C] = [t.rows.size, t.x.shape[1]];
  assertShapes("gatherRows", t, { x: [t.x.shape[0], C], rows: [R], y: [R, C] });
  pass.launch({ label: "gather/rows", code: gatherRowsWgsl }, t, { n: R * C, C }, {
    threads: R * C,
  });
}
