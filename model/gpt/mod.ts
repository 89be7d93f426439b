/** GPT-2: its parameters, its forward pass and the same road back. */
export {
  type ActivationGradients,
  type Activations,
  type BlockActivations,
  createActivationGradients,
  createActivations,
  type NormActivations,
  type Source,
  type StackOptions,
} from "./activations.ts";
export { blocksBackward, gptBackward, normBackward, undropInPlace } from "./backward.ts";
export { type Dropout, SITES } from "./dropout.ts";
export {
  type BlockStream,
  drop,
  forwardBlocks,
  type ForwardParts,
  gptForward,
  wholeRows,
} from "./forward.ts";
export { Gpt, type LoadOptions } from "./gpt.ts";
export { createHead, type Head, headForward, headForwardBackward, outputForward } from "./head.ts";
export { SharedTensors, type TensorMaker } from "./shared_tensors.ts";
export { normalValues, uniformValues } from "./initialize.ts";
export {
  type Affine,
  type Arena,
  type BlockGradients,
  type BlockParameters,
  type CrossParameters,
  type GptGradients,
  type GptParameters,
  gradientTree,
  type LoraWeights,
  ParameterSet,
  parameterTree,
  type Stretch,
  stretchesOf,
} from "./parameters.ts";
