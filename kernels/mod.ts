/** The GPU: devices, tensors, and one folder per op with its forward and backward kernels. */
export * from "./gpu/mod.ts";
export { adamw, type AdamwOptions, type AdamwTensors } from "./adamw/mod.ts";
export { attentionBackward, attentionForward, type AttentionOptions } from "./attention/mod.ts";
export { crossEntropyBackward, crossEntropyForward } from "./cross_entropy/mod.ts";
export { gatherRows } from "./gather/mod.ts";
export { geluBackward, geluForward } from "./gelu/mod.ts";
export {
  gradientNorm,
  type GradientNormOptions,
  gradientNormPartialShape,
  type GradientNormTensors,
} from "./gradient_norm/mod.ts";
export {
  type Layout,
  matmul,
  type MatmulOptions,
  type MatmulTensors,
  matmulVariantName,
} from "./matmul/mod.ts";
export { accumulateSum } from "./sum/mod.ts";
