import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { loopTurns, sampleWgsl } from "./sample.wgsl.ts";

export { NO_TOKEN } from "./sample.wgsl.ts";

/** Tensors of {@linkcode sampleTokens}. */
export interface SampleTensors {
  /** [at least R, V]. */
  logits: Tensor;
  /** u32 [at least R, 4]: row, slot, position and number of scores of each. */
  picks: Tensor;
  /**
   * u32 [slots, 12], fractions as the bits of their f32: temperature, top-k, top-p, min-p; the lower and
   * the upper half of the seed, which adjustments apply, 0; presence, frequency and repetition penalty, 0.
   */
  settings: Tensor;
  /** u32 [slots]: becomes the token of each slot. */
  last: Tensor;
  /** u32 [slots, V]: how often each token has been chosen, and more; the chosen one's is raised by 1. */
  counts: Tensor;
  /** u32 [at least R]: the token of each row, or one of `NO_TOKEN`. */
  chosen: Tensor;
}

/** Options of {@linkcode sampleTokens}. */
export interface SampleOptions {
  /** Rows to choose for, R. @default all of chosen */
  rows?: number;
  /**
   * Threads that share a row: as many as the adapter runs side by side. A large vocabulary may get more.
   * @default 64
   */
  lanes?: number;
}

/**
 * Chooses a token for each row, by the settings of its slot: at temperature 0 the likeliest, the first of
 * equals; else one of those that top-k, then top-p, then min-p leave, with the probabilities of the
 * softmax of logits / temperature. Equals of the last one that is kept are kept too.
 *
 * The choice is a function of the logits, the seed and the position, so it does not depend on other rows.
 * Overwrites chosen and last, adds to counts.
 *
 * @throws {RangeError} if the shapes do not fit
 */
export function sampleTokens(
  pass: Pass,
  t: SampleTensors,
  { rows: R = t.chosen.shape[0], lanes = 64 }: SampleOptions = {},
): void {
  const [[held, V], [slots]] = [t.logits.shape, t.settings.shape];
  assertShapes("sampleTokens", { ...t }, {
    ...{ picks: [t.picks.shape[0], 4], settings: [slots, 12], last: [slots] },
    ...{ counts: [slots, V], chosen: [t.chosen.shape[0]] },
  });
  const least = Math.min(held, t.picks.shape[0], t.chosen.shape[0]);
  if (least < R) throw new RangeError(`Cannot run sampleTokens: ${R} rows wanted, ${least} given`);
  let most = lanes;
  while (loopTurns(V, most) > 65_000) most *= 2;
  const code = sampleWgsl({ lanes: most, picks: t.picks.shape[0], slots });
  pass.launch({ label: "sample", code }, { ...t }, { V }, { workgroups: [R] });
}
