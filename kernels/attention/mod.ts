import { fitting, type Pass, type Question } from "../gpu/mod.ts";
import {
  type AttentionBackwardTensors,
  type AttentionOptions,
  type AttentionProblem,
  attentionProblem,
  type AttentionTensors,
} from "./problem.ts";
import { ATTENTION_VARIANTS, type AttentionVariant } from "./variants.ts";

export type { AttentionBackwardTensors, AttentionOptions, AttentionTensors } from "./problem.ts";

/**
 * Causal multi-head self-attention: y = softmax(q·kᵀ/√HS)·v over the keys up to each query, with
 * HS = C / heads. Overwrites y and lse; takes no memory beyond them.
 *
 * Source: Vaswani et al. 2017, "Attention Is All You Need"; Dao et al. 2022, "FlashAttention".
 *
 * @throws {RangeError} if shapes do not fit each other, or a head has more than 128 channels
 */
export function attentionForward(
  pass: Pass,
  t: AttentionTensors,
  options: AttentionOptions,
): void {
  const problem = attentionProblem("attentionForward", t, options);
  pass.device.choices.pick(question("forward", problem)).forward(pass, problem);
}

/**
 * Gradient of {@linkcode attentionForward}. Overwrites dqkv and delta; probabilities are computed
 * again from lse.
 *
 * @throws {RangeError} if shapes do not fit each other, or a head has more than 128 channels
 */
export function attentionBackward(
  pass: Pass,
  t: AttentionBackwardTensors,
  options: AttentionOptions,
): void {
  const problem = attentionProblem("attentionBackward", t, options);
  pass.device.choices.pick(question("backward", problem)).backward(pass, problem);
}

/** What has to be chosen for a pass. */
function question(
  direction: "forward" | "backward",
  problem: AttentionProblem,
): Question<AttentionVariant> {
  const { tensors, B, T, heads, headSize, dropout } = problem;
  const forward = direction === "forward";
  return {
    group: `attention ${direction} ${heads} heads of ${headSize}${dropout ? " dropout" : ""}`,
    rows: B * T,
    variants: fitting(tensors.y!.device, ATTENTION_VARIANTS, (variant) => variant.fits(problem)),
    plain: ATTENTION_VARIANTS[0],
    trial: {
      tensors,
      results: forward ? ["y", "lse"] : ["dqkv", "delta"],
      operations: (forward ? 2 : 5) * B * heads * T * T * headSize,
      run: (pass, tensors, variant) => variant[direction](pass, { ...problem, tensors }),
    },
  };
}
