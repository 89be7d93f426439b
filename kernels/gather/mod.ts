import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { gatherRowsBackwardWgsl, gatherRowsWgsl } from "./gather.wgsl.ts";

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

/**
 * Gradient of {@linkcode gatherRows}: dx[rows[r]] += dy[r], also where a row was chosen twice. Adds to dx.
 *
 * @param t dy: [R, C]; rows: u32 [R], each below N; dx: [N, C]
 * @throws {RangeError} if the shapes do not fit
 */
export function gatherRowsBackward(
  pass: Pass,
  t: { dy: Tensor; rows: Tensor; dx: Tensor },
): void {
  const [R, C] = [t.rows.size, t.dx.shape[1]];
  assertShapes("gatherRowsBackward", t, { rows: [R], dy: [R, C] });
  const shader = { label: "gather/rows backward", code: gatherRowsBackwardWgsl };
  pass.launch(shader, t, { R, C }, { threads: R * C });
}
