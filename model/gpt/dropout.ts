import type { Tensor } from "../../kernels/mod.ts";

/** Dropout of a training pass. */
export interface Dropout {
  /** Share of elements dropped, in (0, 1). */
  rate: number;
  /** Seed and micro-step, u32 [2]: with the site and the element they give the mask. */
  clock: Tensor;
}

/** A number for each place where dropout acts, so that no two share a mask. */
export const SITES: {
  embedding: number;
  block: (l: number) => { attention: number; projection: number; down: number };
} = {
  embedding: 0,
  block: (l) => ({ attention: 3 * l + 1, projection: 3 * l + 2, down: 3 * l + 3 }),
};
