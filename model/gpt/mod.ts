/** GPT-2: its parameters, its forward pass and the same road back. */
export {
  type ActivationGradients,
  type Activations,
  type BlockActivations,
  createActivationGradients,
  createActivations,
  type NormActivations,
} from "./activations.ts";
export { gptBackward } from "./backward.ts";
export type { Dropout } from "./dropout.ts";
export { type BlockStream, forwardBlocks, type ForwardParts, gptForward } from "./forward.ts";
export { Gpt, type LoadOptions } from "./gpt.ts";
export { createHead, type Head, headForward, headForwardBackward, outputForward } from "./head.ts";
export { SharedTensors, type TensorMaker } from "./shared_tensors.ts";
export { uniformValues } from "./initialize.ts";
export {
  type Affine,
  type Arena,
  type BlockParameters,
  type GptGradients,
  type GptParameters,
  gradientTree,
  ParameterSet,
  parameterTree,
  type Stretch,
  stretchesOf,
} from "./parameters.ts";
