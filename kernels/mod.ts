/** The GPU: devices, tensors, and one folder per op with its forward and backward kernels. */
export {
  assertShapes,
  bindableViews,
  Choices,
  type ChoiceTable,
  Device,
  type DeviceOptions,
  type DType,
  type Extent,
  GpuError,
  type Kernel,
  type Launch,
  type ParamsField,
  Pass,
  probeMemory,
  type Question,
  Readback,
  readShaderHeader,
  Recording,
  type Shader,
  type ShaderBinding,
  ShaderError,
  type ShaderHeader,
  sizeOf,
  type Span,
  Tensor,
  type TensorData,
  Texels,
  type Trial,
  tune,
  type TuneEvent,
  type TuneOptions,
  type Variant,
} from "./gpu/mod.ts";
export { adamw, type AdamwOptions, type AdamwTensors } from "./adamw/mod.ts";
export {
  adapterRowsForward,
  type AdapterRowsOptions,
  type AdapterRowsTensors,
} from "./adapter_rows/mod.ts";
export { adjustLogits, type AdjustLogitsTensors, ADJUSTS } from "./adjust_logits/mod.ts";
export {
  attentionBackward,
  type AttentionBackwardTensors,
  attentionForward,
  type AttentionOptions,
  type AttentionTensors,
} from "./attention/mod.ts";
export {
  binaryCrossEntropyBackward,
  binaryCrossEntropyForward,
  type BinaryCrossEntropyTensors,
} from "./binary_cross_entropy/mod.ts";
export { biasGradient, biasGradientPartialShape } from "./bias_gradient/mod.ts";
export {
  checkVariants,
  distance,
  giveUpWrongVariants,
  type HostData,
  KERNEL_CASES,
  type KernelCase,
  type KernelCaseMaker,
  type ModelSizes,
  TrialRun,
  type WrongVariant,
} from "./contract/mod.ts";
export { copy } from "./copy/mod.ts";
export {
  crossEntropyBackward,
  crossEntropyForward,
  type CrossEntropyOptions,
  type CrossEntropyTensors,
} from "./cross_entropy/mod.ts";
export {
  dropoutBackward,
  dropoutForward,
  type DropoutOptions,
  type DropoutTensors,
} from "./dropout/mod.ts";
export {
  embeddingBackward,
  type EmbeddingBackwardTensors,
  embeddingForward,
  type EmbeddingOptions,
  embeddingRowsForward,
  type EmbeddingRowsTensors,
  type EmbeddingTensors,
  LAST_TOKEN,
} from "./embedding/mod.ts";
export { fill } from "./fill/mod.ts";
export { gatherRows, gatherRowsBackward } from "./gather/mod.ts";
export { geluBackward, geluForward } from "./gelu/mod.ts";
export {
  gradientNorm,
  type GradientNormOptions,
  gradientNormPartialShape,
  type GradientNormTensors,
} from "./gradient_norm/mod.ts";
export {
  layernormBackward,
  type LayernormBackwardTensors,
  layernormForward,
  layernormPartialShape,
  layernormRowsForward,
  type LayernormRowsOptions,
  type LayernormRowsTensors,
  type LayernormTensors,
} from "./layernorm/mod.ts";
export {
  absorbsNorm,
  linearForward,
  type LinearOptions,
  type LinearTensors,
  qkvForward,
  type QkvTensors,
} from "./linear/mod.ts";
export {
  logProbabilities,
  type LogProbabilityOptions,
  type LogProbabilityTensors,
  MOST_TOP,
} from "./log_probability/mod.ts";
export { type LossScaleOptions, scaleLoss, updateLossScale } from "./loss_scale/mod.ts";
export { type Layout, matmul, type MatmulOptions, type MatmulTensors } from "./matmul/mod.ts";
export {
  absorbsProjection,
  BLOCK_TOKENS,
  pagedAttentionForward,
  type PagedAttentionOptions,
  pagedAttentionProjected,
  type PagedAttentionProjectedTensors,
  type PagedAttentionTensors,
} from "./paged_attention/mod.ts";
export { poolRows } from "./pool_rows/mod.ts";
export { residualForward, type ResidualOptions, type ResidualTensors } from "./residual/mod.ts";
export { NO_TOKEN, type SampleOptions, type SampleTensors, sampleTokens } from "./sample/mod.ts";
export { scale } from "./scale/mod.ts";
export { accumulateSum } from "./sum/mod.ts";
