import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { logProbabilityWgsl, loopTurns, MOST_TOP } from "./log_probability.wgsl.ts";

export { MOST_TOP } from "./log_probability.wgsl.ts";

/** Tensors of {@linkcode logProbabilities}. */
export interface LogProbabilityTensors {
  /** [at least R, V]. */
  logits: Tensor;
  /**
   * u32 [at least R, 4]: row, slot, position and count of each; a count of 1 + n asks for the row's token
   * and the n likeliest ones, 0 for nothing.
   */
  picks: Tensor;
  /** u32 [at least R]: the token of each row. */
  tokens: Tensor;
  /** u32 [at least R, 21]: becomes the row's token and the likeliest ones, likeliest first. */
  ids: Tensor;
  /** [at least R, 21]: becomes the natural logarithms of their probabilities. */
  values: Tensor;
}

/** Options of {@linkcode logProbabilities}. */
export interface LogProbabilityOptions {
  /** Rows to compute, R. @default all rows of ids */
  rows?: number;
  /**
   * Threads that share a row: as many as the adapter runs side by side. A large vocabulary may get more.
   * @default 64
   */
  lanes?: number;
}

/**
 * Log-probabilities log softmax(logits) of a row's token and of its likeliest tokens, up to
 * {@linkcode MOST_TOP}, and no more than the vocabulary has; of equals the lower id comes first. Overwrites
 * as many columns of ids and values as each row asks for.
 *
 * @throws {RangeError} if the shapes do not fit
 */
export function logProbabilities(
  pass: Pass,
  t: LogProbabilityTensors,
  { rows: R = t.ids.shape[0], lanes = 64 }: LogProbabilityOptions = {},
): void {
  const [held, V] = t.logits.shape;
  const width = 1 + MOST_TOP;
  assertShapes("logProbabilities", { ...t }, {
    ...{ picks: [t.picks.shape[0], 4], tokens: [t.tokens.shape[0]] },
    ...{ ids: [t.ids.shape[0], width], values: [t.ids.shape[0], width] },
  });
  const least = Math.min(held, t.picks.shape[0], t.tokens.shape[0], t.ids.shape[0]);
  if (least < R) {
    throw new RangeError(`Cannot run logProbabilities: ${R} rows wanted, ${least} given`);
  }
  let most = lanes;
  while (loopTurns(V, most) > 65_000) most *= 2;
  const code = logProbabilityWgsl({ lanes: most, picks: t.picks.shape[0] });
  pass.launch({ label: "log_probability", code }, { ...t }, { V }, { workgroups: [R] });
}
