import type { Row } from "../packing/mod.ts";
import type { Batch } from "./batches.ts";

/** What a batch holds besides tokens and targets. */
export interface BatchColumns {
  weights?: boolean;
  documentIds?: boolean;
}

/** A batch of token 0 and target -1. */
export function emptyBatch(
  index: number,
  B: number,
  T: number,
  { weights, documentIds }: BatchColumns,
): Batch {
  return {
    ...{ index, B, T },
    tokens: new Uint32Array(B * T),
    targets: new Int32Array(B * T).fill(-1),
    ...(weights && { weights: new Float32Array(B * T) }),
    ...(documentIds && { documentStarts: new Uint32Array(B * T) }),
  };
}

/**
 * Copies T + 1 tokens into row `i` of a batch. There is no target where its weight is 0, nor, where
 * the batch tells documents, where it is the first token of another one.
 */
export function copyRow(batch: Batch, i: number, { tokens, weights, documentIds }: Row): void {
  const { T, targets } = batch;
  const at = i * T;
  batch.tokens.set(tokens.subarray(0, T), at);
  targets.set(tokens.subarray(1), at);
  if (weights) {
    for (let t = 0; t < T; t++) if (weights[t + 1] === 0) targets[at + t] = -1;
    batch.weights?.set(weights.subarray(1), at);
  } else batch.weights?.fill(1, at, at + T);
  const { documentStarts } = batch;
  if (!documentStarts || !documentIds) return;
  let start = 0;
  for (let t = 0; t < T; t++) {
    documentStarts[at + t] = start;
    if (documentIds[t + 1] === documentIds[t]) continue;
    targets[at + t] = -1;
    start = t + 1;
  }
}
