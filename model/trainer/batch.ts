import type { Batch } from "../../data/mod.ts";
import type { ForwardMemory } from "./evaluator.ts";

/** Weight of each target: the batch's, or 1; 0 where there is no target. */
export function targetWeights({ targets, weights }: Batch): Float32Array<ArrayBuffer> {
  return Float32Array.from(targets, (target, i) => target < 0 ? 0 : weights?.[i] ?? 1);
}

/** Copies a batch to the GPU. */
export function writeBatch(
  { activations, head }: ForwardMemory,
  { tokens, targets, documentStarts: starts }: Batch,
  weights: Float32Array<ArrayBuffer>,
): void {
  activations.tokens.write(tokens as Uint32Array<ArrayBuffer>);
  const { T } = activations;
  activations.starts?.write(Uint32Array.from(tokens, (_, i) => starts?.[i] ?? 0));
  activations.positions?.write(Uint32Array.from(tokens, (_, i) => i % T - (starts?.[i] ?? 0)));
  head.targets.write(targets as Int32Array<ArrayBuffer>);
  head.weights.write(weights);
}

/** Sum of numbers. */
export function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}
