import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { adjustLogitsWgsl } from "./adjust_logits.wgsl.ts";

export { ADJUSTS, FORBIDDEN } from "./adjust_logits.wgsl.ts";

/** Tensors of {@linkcode adjustLogits}. */
export interface AdjustLogitsTensors {
  /** [at least R, V]. */
  logits: Tensor;
  /** u32 [at least R, 4]: row, slot, position and number of scores of each. */
  picks: Tensor;
  /** u32 [slots, 12], as `sampleTokens` reads them. */
  settings: Tensor;
  /**
   * u32 [slots, V]: how often the answer holds each token; 2³¹ is added where the prompt holds it.
   */
  counts: Tensor;
  /** [slots, V]: added to the logits. */
  bias: Tensor;
  /** u32 [slots, ⌈V / 32⌉]: bit v % 32 of word ⌊v / 32⌋ allows token v. */
  masks: Tensor;
  /** [at least R, V]. */
  y: Tensor;
}

/**
 * Applies what a slot's settings ask for, in this order: the repetition penalty r to tokens of prompt and
 * answer (x / r where x > 0, else x·r); x − frequency·count − presence for tokens of the answer; + bias;
 * and the least logit there is where the mask forbids a token. Overwrites R rows of y.
 *
 * Source of the repetition penalty: Keskar et al. 2019, "CTRL"; of the other two: OpenAI's API.
 *
 * @param options.rows rows to compute, R. @default all rows of y
 * @throws {RangeError} if the shapes do not fit
 */
export function adjustLogits(
  pass: Pass,
  t: AdjustLogitsTensors,
  { rows: R = t.y.shape[0] }: { rows?: number } = {},
): void {
  const [[held, V], [slots]] = [t.logits.shape, t.settings.shape];
  const words = Math.ceil(V / 32);
  assertShapes("adjustLogits", { ...t }, {
    ...{ picks: [t.picks.shape[0], 4], settings: [slots, 12], counts: [slots, V] },
    ...{ bias: [slots, V], masks: [slots, words], y: [t.y.shape[0], V] },
  });
  const least = Math.min(held, t.picks.shape[0], t.y.shape[0]);
  if (least < R) throw new RangeError(`Cannot run adjustLogits: ${R} rows wanted, ${least} given`);
  const code = adjustLogitsWgsl({ picks: t.picks.shape[0], slots });
  const params = { n: R * V, V, words };
  pass.launch({ label: "adjust_logits", code }, { ...t }, params, { threads: R * V });
}
