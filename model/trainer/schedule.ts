/** Options of {@linkcode learningRateAt}. */
export interface ScheduleOptions {
  /** Highest learning rate. */
  learningRate: number;
  /** The floor that the cosine ends at. */
  minLearningRate: number;
  /** Iterations of linear warm-up. */
  warmupIterations: number;
  /** Iteration at which the floor is reached. */
  decayIterations: number;
}

/**
 * Learning rate of an iteration (from 1): linear warm-up, then half a cosine down to the floor.
 *
 * Source: Loshchilov & Hutter 2017, "SGDR", with nanoGPT's warm-up (t / (warm-up + 1)).
 */
export function learningRateAt(iteration: number, options: ScheduleOptions): number {
  const { learningRate, minLearningRate, warmupIterations, decayIterations } = options;
  const done = iteration - 1;
  if (done < warmupIterations) return learningRate * iteration / (warmupIterations + 1);
  if (done >= decayIterations) return minLearningRate;
  const progress = (done - warmupIterations) / (decayIterations - warmupIterations);
  return minLearningRate +
    0.5 * (1 + Math.cos(Math.PI * progress)) * (learningRate - minLearningRate);
}
