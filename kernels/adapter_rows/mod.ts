import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { adapterHighWgsl, adapterLowWgsl } from "./adapter_rows.wgsl.ts";

/** Tensors of {@linkcode adapterRowsForward}. */
export interface AdapterRowsTensors {
  /** [at least M, K]. */
  x: Tensor;
  /** u32 [at least M, 4]: the slot of each row is its first element. */
  rows: Tensor;
  /** Adapter of each slot, u32 [slots]; S for none. */
  adapters: Tensor;
  /** [S, R, K]. */
  a: Tensor;
  /** [S, N, R], with the adapters' α/r in it. */
  b: Tensor;
  /** Scratch, [at least M, R]. */
  low: Tensor;
  /** [at least M, N]. */
  y: Tensor;
}

/** Options of {@linkcode adapterRowsForward}. */
export interface AdapterRowsOptions {
  /** Rows to compute, M. @default all rows of y */
  rows?: number;
  /** Adds to y instead of overwriting it. @default false */
  accumulate?: boolean;
}

/**
 * What low-rank adapters add to a linear layer for rows of different sequences, each with the adapter of
 * its slot: y[i] = x[i]·A[s]ᵀ·B[s]ᵀ, 0 where the slot has none. Overwrites y, or adds to it; overwrites low.
 * An element is summed in the order of k and of r, so a row has the same bits whatever rows stand beside it.
 *
 * Source: Chen et al. 2023, "Punica: Multi-Tenant LoRA Serving"; Hu et al. 2021 for the adapters.
 *
 * @throws {RangeError} if the shapes do not fit
 */
export function adapterRowsForward(
  pass: Pass,
  t: AdapterRowsTensors,
  { rows: M = t.y.shape[0], accumulate = false }: AdapterRowsOptions = {},
): void {
  const { x, rows, adapters, a, b, low, y } = t;
  const [S, R, K] = a.shape;
  const N = y.shape[1];
  assertShapes("adapterRowsForward", { ...t }, {
    ...{ x: [x.shape[0], K], rows: [rows.shape[0], 4], b: [S, N, R], low: [low.shape[0], R] },
  });
  const held = Math.min(...[x, rows, low, y].map(({ shape }) => shape[0]));
  if (held < M) {
    throw new RangeError(`Cannot run adapterRowsForward: ${M} rows wanted, ${held} given`);
  }
  const slots = rows.shape[0];
  const [byK, byR] = [K % 4 === 0, R % 4 === 0];
  pass.launch(
    { label: "adapter_rows/low", code: adapterLowWgsl(slots, byK) },
    { x, rows, adapters, a, low },
    { n: M * R, K: byK ? K / 4 : K, N, R, S },
    { threads: M * R },
  );
  pass.launch(
    { label: "adapter_rows/high", code: adapterHighWgsl(slots, accumulate, byR) },
    { rows, adapters, low, b, y },
    { n: M * N, K, N, R: byR ? R / 4 : R, S },
    { threads: M * N },
  );
}
