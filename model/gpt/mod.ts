/** GPT-2: its parameters, its forward pass and the same road back. */
export {
  type ActivationGradients,
  type ActivationOptions,
  type Activations,
  type BlockActivations,
  createActivationGradients,
  createActivations,
  type NormActivations,
} from "./activations.ts";
export { gptBackward } from "./backward.ts";
export type { Dropout } from "./dropout.ts";
export { type BlockStream, forwardBlocks, type ForwardParts, gptForward } from "./forward.ts";
export { Gpt } from "./gpt.ts";
export { createHead, type Head, headForward, headForwardBackward, outputForward } from "./head.ts";
export { uniformValues } from "./initialize.ts";
export {
  type Affine,
  type Arena,
  type BlockParameters,
  type GptParameters,
  ParameterSet,
  parameterTree,
} from "./parameters.ts";
