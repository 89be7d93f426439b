import type { Tensor } from "../../kernels/mod.ts";

/** Dropout of a training pass. */
export interface Dropout {
  /** Share of elements dropped, in (0, 1). */
  rate: number;
  /** Seed and micro-step, u32 [2]: with the site and the element they give the mask. */
  clock: Tensor;
}

/** First number of the places in attention to another sequence. */
const CROSS = 2 ** 24;

/**
 * A number for each place where dropout acts, so that no two share a mask. Blocks are counted through
 * all stacks of a model; an embedding has that of the block behind it.
 */
export const SITES: {
  embedding: (l: number) => number;
  block: (l: number) => { attention: number; projection: number; down: number };
  cross: (l: number) => { attention: number; projection: number };
} = {
  embedding: (l) => 3 * l,
  block: (l) => ({ attention: 3 * l + 1, projection: 3 * l + 2, down: 3 * l + 3 }),
  cross: (l) => ({ attention: CROSS + 2 * l, projection: CROSS + 2 * l + 1 }),
};
