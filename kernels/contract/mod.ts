/** What every op promises, and every op with its reference at a model's sizes. */
import { DECODING_CASES } from "./decoding_cases.ts";
import type { KernelCaseMaker } from "./kernel_case.ts";
import { TRAINING_CASES } from "./training_cases.ts";

export { checkCase, type CheckedVariant, checkVariants } from "./check.ts";
export type { KernelCase, KernelCaseMaker, ModelSizes, Op, Reference } from "./kernel_case.ts";
export { giveUpWrongVariants, type WrongVariant } from "./self_check.ts";
export {
  accumulate,
  type HostData,
  hostData,
  input,
  inTexture,
  normal,
  type OpCase,
  output,
  random,
  scratch,
  type Spec,
  update,
} from "./spec.ts";
export { distance, TrialRun } from "./trial_run.ts";

/** Every op, in the order in which training and then decoding use them. */
export const KERNEL_CASES: readonly KernelCaseMaker[] = [...TRAINING_CASES, ...DECODING_CASES];
