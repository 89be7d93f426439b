import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { dropoutParams } from "../random/mod.ts";
import { residualForwardWgsl } from "./residual.wgsl.ts";

/** Tensors of {@linkcode residualForward}, but for the clock all of one shape. */
export interface ResidualTensors {
  /** The residual stream. */
  a: Tensor;
  /** The branch. */
  b: Tensor;
  /** Their sum. */
  y: Tensor;
  /** u32 [2], seed and step. @default none, where nothing is dropped */
  clock?: Tensor;
}

/** Options of {@linkcode residualForward}. */
export interface ResidualOptions {
  /** Share of the branch's elements that are dropped, in [0, 1); needs a clock. @default 0 */
  dropout?: number;
  /** Tells apart the places where dropout acts. @default 0 */
  layer?: number;
}

/**
 * Adds a branch to the residual stream: y = a + b, or y = a + dropout(b). Overwrites y. Its gradient needs
 * no kernel: that of y is also that of a and, behind the same dropout, of b.
 *
 * @throws {RangeError} if the shapes differ
 */
export function residualForward(
  pass: Pass,
  t: ResidualTensors,
  { dropout = 0, layer = 0 }: ResidualOptions = {},
): void {
  const { a, b, y, clock } = t;
  assertShapes("residualForward", { ...t }, { b: a.shape, y: a.shape, clock: [2] });
  const vector = a.size % 4 === 0;
  const n = a.size / (vector ? 4 : 1);
  const code = residualForwardWgsl({ vector, dropout: clock !== undefined });
  pass.launch(
    { label: "residual/forward", code },
    { a, b, y, ...(clock && { clock }) },
    { n, ...(clock && dropoutParams(dropout, layer)) },
    { threads: n },
  );
}
