import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { poolRowsWgsl } from "./pool_rows.wgsl.ts";

/**
 * Adds rows up by sequence: sums[slot] += x[i] for each row i of the slot, in the order of rows, so that the
 * sums have the same bits however a sequence was cut into launches.
 *
 * @param t x: [at least M, C]; rows: u32 [at least M, 4], slot, position, token and cell of each; sums:
 * [slots, C]
 * @param options.rows rows to add, M. @default all rows of x
 * @throws {RangeError} if the shapes do not fit
 */
export function poolRows(
  pass: Pass,
  t: { x: Tensor; rows: Tensor; sums: Tensor },
  { rows: M = t.x.shape[0] }: { rows?: number } = {},
): void {
  const [held, C] = t.x.shape;
  assertShapes("poolRows", t, { rows: [t.rows.shape[0], 4], sums: [t.sums.shape[0], C] });
  const least = Math.min(held, t.rows.shape[0]);
  if (least < M) throw new RangeError(`Cannot run poolRows: ${M} rows wanted, ${least} given`);
  const shader = { label: "pool_rows", code: poolRowsWgsl(t.rows.shape[0]) };
  pass.launch(shader, t, { M, C }, { threads: C });
}
