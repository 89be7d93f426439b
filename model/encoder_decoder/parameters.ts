import type { Tensor } from "../../kernels/mod.ts";
import type { Affine, BlockGradients, BlockParameters, ParameterSet } from "../gpt/mod.ts";
import type { EncoderDecoderConfig } from "./config.ts";
import type { EncoderDecoder } from "./encoder_decoder.ts";
import { layersOf, type Side } from "./shapes.ts";

/** The parameters of one side. */
export interface SideParameters {
  /** Position embedding, [context + 2, C]. */
  positions: Tensor;
  /** Layer norm of the embeddings, [C]. */
  embeddingNorm: Affine;
  /** The blocks from the first to the last. */
  blocks: BlockParameters[];
  /** Last layer norm, [C]. */
  norm: Affine;
}

/** A parameter set as the tree that the forward and backward pass walk. */
export interface EncoderDecoderParameters {
  /** Token embedding of both sides, [V, C]. */
  shared: Tensor;
  /** Reads the text to translate. */
  encoder: SideParameters;
  /** Writes the translation. */
  decoder: SideParameters;
  /** Output layer for the tokens that may be written, [K, C]; a view of `shared` where they are tied. */
  head: Tensor;
}

/** The gradients of one side's parameters that are trained. */
export interface SideGradients {
  positions?: Tensor;
  embeddingNorm: Partial<Affine>;
  blocks: BlockGradients[];
  norm: Partial<Affine>;
}

/** The gradients of the parameters that are trained; those of frozen ones are absent. */
export interface EncoderDecoderGradients {
  shared?: Tensor;
  encoder: SideGradients;
  decoder: SideGradients;
  head?: Tensor;
}

/** Arranges the weights as a tree. */
export function encoderDecoderTree(
  set: ParameterSet,
  config: EncoderDecoderConfig,
): EncoderDecoderParameters {
  return treeOf((name) => set.get(name), config) as EncoderDecoderParameters;
}

/** The tree of a model whose products take another set's matrices: the rest is its own. */
export function mixedPairTree(
  { parameters, weights, config }: EncoderDecoder,
  matrices: ParameterSet,
): EncoderDecoderParameters {
  const find = (name: string) => matrices.tensors.get(name) ?? parameters.get(name);
  const mixed = treeOf(find, config) as EncoderDecoderParameters;
  const side = (name: Side) => ({ ...mixed[name], positions: weights[name].positions });
  return { ...mixed, shared: weights.shared, encoder: side("encoder"), decoder: side("decoder") };
}

/** Arranges gradients as a tree, without those of frozen parameters. */
export function encoderDecoderGradients(
  set: ParameterSet,
  config: EncoderDecoderConfig,
): EncoderDecoderGradients {
  return treeOf((name) => set.tensors.get(name), config);
}

function treeOf(
  find: (name: string) => Tensor | undefined,
  config: EncoderDecoderConfig,
): EncoderDecoderGradients {
  const optional = <K extends string>(key: K, tensor?: Tensor) =>
    (tensor ? { [key]: tensor } : {}) as { [key in K]?: Tensor };
  const affine = (name: string): Partial<Affine> => ({
    ...optional("weight", find(`${name}.weight`)),
    ...optional("bias", find(`${name}.bias`)),
  });
  const block = (name: string, isDecoder: boolean): BlockGradients => ({
    norm1: affine(`${name}.norm1`),
    qkv: affine(`${name}.qkv`),
    projection: affine(`${name}.projection`),
    ...(isDecoder && {
      cross: {
        norm: affine(`${name}.cross.norm`),
        q: affine(`${name}.cross.q`),
        kv: affine(`${name}.cross.kv`),
        projection: affine(`${name}.cross.projection`),
      },
    }),
    norm2: affine(`${name}.norm2`),
    up: affine(`${name}.up`),
    down: affine(`${name}.down`),
  });
  const side = (name: Side): SideGradients => ({
    ...optional("positions", find(`${name}.positions.weight`)),
    embeddingNorm: affine(`${name}.embedding_norm`),
    blocks: Array.from(
      { length: layersOf(config, name) },
      (_, l) => block(`${name}.h.${l}`, name === "decoder"),
    ),
    norm: affine(`${name}.norm`),
  });
  const shared = find("shared.weight");
  const head = config.tie ? shared : find("head.weight");
  return {
    ...optional("shared", shared),
    encoder: side("encoder"),
    decoder: side("decoder"),
    ...optional("head", head?.view(0, [config.outputSize, config.channels])),
  };
}
