import type { Tensor } from "../../kernels/mod.ts";
import {
  type ActivationGradients,
  type Activations,
  createActivationGradients,
  createActivations,
  type Source,
  type TensorMaker,
} from "../gpt/mod.ts";
import type { PassOptions } from "../network.ts";
import type { EncoderDecoderConfig } from "./config.ts";
import { layersOf, type Side } from "./shapes.ts";

/** What one side computes and its backward pass reads; N = B·T rows. */
export interface SideActivations extends Activations {
  /** Token and position embeddings, [N, C], and what their layer norm leaves, [N]. */
  embedded: { x: Tensor; mean: Tensor; rstd: Tensor };
}

/** Everything a forward pass over pairs writes. */
export interface PairActivations extends Disposable {
  encoder: SideActivations;
  decoder: SideActivations;
}

/** Number of the encoder's first block, far from the decoder's, among those of both. */
const ENCODER_BLOCKS = 2 ** 16;

/** Allocates the activations of a forward pass over pairs. */
export function createPairActivations(
  tensors: TensorMaker,
  config: EncoderDecoderConfig,
  options: PassOptions,
): PairActivations {
  const stack = new DisposableStack();
  const encoder = stack.use(createSideActivations(tensors, config, "encoder", options));
  const source = { T: options.T, x: encoder.norm.y, lengths: encoder.lengths! };
  return {
    encoder,
    decoder: stack.use(createSideActivations(tensors, config, "decoder", options, source)),
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/**
 * Allocates the activations of a forward pass over one side.
 *
 * @param source what the decoder attends to
 */
export function createSideActivations(
  tensors: TensorMaker,
  config: EncoderDecoderConfig,
  side: Side,
  options: PassOptions,
  source?: Source,
): SideActivations {
  const stack = new DisposableStack();
  const { channels, heads } = config;
  const N = options.B * options.T;
  const named = labelled(tensors, side);
  const tensor = (label: string, ...shape: number[]) => stack.use(named.tensor(label, shape));
  const activations = createActivations(
    named,
    { layers: layersOf(config, side), channels, heads },
    options,
    side === "encoder" ? { bidirectional: true, first: ENCODER_BLOCKS } : { source },
  );
  stack.use(activations);
  return {
    ...activations,
    embedded: {
      x: tensor("embedded", N, channels),
      mean: tensor("embedded mean", N),
      rstd: tensor("embedded rstd", N),
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/** Gradients of activations: those of the encoder take the place of the decoder's. */
export interface PairGradients extends Disposable {
  encoder: ActivationGradients;
  decoder: ActivationGradients;
}

/** Allocates the gradients of activations. */
export function createPairGradients(
  tensors: TensorMaker,
  config: EncoderDecoderConfig,
  options: Pick<PassOptions, "B" | "T" | "matrices">,
  { decoder: { source } }: PairActivations,
): PairGradients {
  const decoder = createActivationGradients(tensors, config, options, source);
  return {
    decoder,
    // The encoder's result is what the decoder attends to.
    encoder: { ...decoder, narrow: decoder.cross!.source },
    [Symbol.dispose]: () => decoder[Symbol.dispose](),
  };
}

/** Tensors whose labels tell the side. */
function labelled(tensors: TensorMaker, side: Side): TensorMaker {
  return {
    maxBindingBytes: tensors.maxBindingBytes,
    get allocatedBytes() {
      return tensors.allocatedBytes;
    },
    tensor: (label, ...rest) => tensors.tensor(`${side} ${label}`, ...rest),
  };
}
