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
 * Multi-head attention: y = softmax(q·kᵀ/√HS)·v over the keys that each query sees, with
 * HS = C / heads: causal, those from `starts` to its own place; else all of a row up to `lengths`, of
 * the same sequence or of another one. A query that sees no key gets zeros, keys that no query of a
 * thread sees cost nothing. Overwrites y and lse; takes no memory beyond them.
 *
 * Source: Vaswani et al. 2017, "Attention Is All You Need"; Dao et al. 2022, "FlashAttention".
 *
 * @throws {RangeError} if shapes do not fit each other, or a head has more than 128 channels
 * @throws {TypeError} if tensors are missing, or given that do not go together
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
 * Gradient of {@linkcode attentionForward}. Overwrites dqkv, or dq and dkv, and delta; probabilities
 * are computed again from lse.
 *
 * @throws {RangeError} if shapes do not fit each other, or a head has more than 128 channels
 * @throws {TypeError} if tensors are missing, or given that do not go together
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
  const { B, Tq, Tk, heads, headSize, causal, dropout } = problem;
  const cross = problem.tensors.qkv === undefined;
  // Bounds are the data's: variants are tried where each query sees as much as it may.
  const tensors = { ...problem.tensors, starts: undefined, lengths: undefined };
  const gradients = cross ? ["dq", "dkv"] : ["dqkv"];
  const kinds = [...(causal ? [] : [cross ? "cross" : "full"]), ...(dropout ? ["dropout"] : [])];
  return {
    group: [`attention ${direction} ${heads} heads of ${headSize}`, ...kinds].join(" "),
    rows: B * Tq,
    variants: fitting(tensors.y!.device, ATTENTION_VARIANTS, (variant) => variant.fits(problem)),
    plain: ATTENTION_VARIANTS[0],
    trial: {
      tensors,
      results: direction === "forward" ? ["y", "lse"] : [...gradients, "delta"],
      operations: (direction === "forward" ? 4 : 10) * B * heads * Tq * Tk * headSize /
        (causal ? 2 : 1),
      run: (pass, tensors, variant) => variant[direction](pass, { ...problem, tensors }),
    },
  };
}
