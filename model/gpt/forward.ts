import {
  attentionForward,
  dropoutForward,
  embeddingForward,
  layernormForward,
  matmul,
  type Pass,
  residualForward,
  type Tensor,
} from "../../kernels/mod.ts";
import type { GptConfig } from "../config.ts";
import type { Activations, NormActivations } from "./activations.ts";
import { type Dropout, SITES } from "./dropout.ts";
import type { Affine, BlockParameters, GptParameters } from "./parameters.ts";

/** What the blocks of a forward pass write, as far as training and inference share it. */
export interface BlockStream<N extends { y: Tensor }> {
  /** Residual stream at the block's start, [N, C]. */
  x: Tensor;
  norm1: N;
  /** Attention's result, [N, C]. */
  attended: Tensor;
  /** Residual stream after attention, [N, C]. */
  middle: Tensor;
  norm2: N;
  /** Feed-forward part after GELU, [N, 4C]. */
  active: Tensor;
}

/** The parts of a forward pass, in which training and inference differ. */
export interface ForwardParts<N extends { y: Tensor }> {
  /** Token and position embeddings to x. */
  embed(x: Tensor): void;
  /** Layer norm of x. */
  norm(weights: Affine, x: Tensor, to: N): void;
  /** Queries, keys and values of x, and attention among them, to y. */
  attend(l: number, weights: Affine, x: Tensor, y: Tensor): void;
  /** y = stream + x·w + b: the end of a branch. */
  join(l: number, name: "projection" | "down", t: JoinTensors): void;
  /** y = GELU(x·w + b). */
  expand(l: number, weights: Affine, x: Tensor, y: Tensor): void;
}

/** Tensors of a branch's end. */
export interface JoinTensors {
  weights: Affine;
  x: Tensor;
  stream: Tensor;
  y: Tensor;
}

/**
 * Writes down GPT-2's forward pass up to the last block: embeddings, then for each block attention and
 * feed-forward, each behind a layer norm and added to the residual stream.
 *
 * Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
 *
 * @param blocks what each block writes
 * @param output residual stream after the last block, [N, C]
 */
export function forwardBlocks<N extends { y: Tensor }>(
  weights: GptParameters,
  blocks: readonly BlockStream<N>[],
  output: Tensor,
  parts: ForwardParts<N>,
): void {
  parts.embed(blocks[0].x);
  weights.blocks.forEach((w, l) => {
    const { middle, active } = blocks[l];
    forwardBlock(w, l, blocks[l], parts);
    const y = blocks[l + 1]?.x ?? output;
    parts.join(l, "down", { weights: w.down, x: active, stream: middle, y });
  });
}

/** A block but for the end of its last branch, which nothing within the block reads. */
function forwardBlock<N extends { y: Tensor }>(
  w: BlockParameters,
  l: number,
  { x, norm1, attended, middle, norm2, active }: BlockStream<N>,
  parts: ForwardParts<N>,
): void {
  parts.norm(w.norm1, x, norm1);
  parts.attend(l, w.qkv, norm1.y, attended);
  parts.join(l, "projection", { weights: w.projection, x: attended, stream: x, y: middle });
  parts.norm(w.norm2, middle, norm2);
  parts.expand(l, w.up, norm2.y, active);
}

/**
 * Writes down the forward pass over whole rows of tokens, up to the last layer norm; keeps what a
 * backward pass needs.
 *
 * @param dropout its rate and clock; absent outside training
 */
export function gptForward(
  pass: Pass,
  config: GptConfig,
  weights: GptParameters,
  a: Activations,
  dropout?: Dropout,
): void {
  const parts = wholeRows(pass, config, weights, a, dropout);
  forwardBlocks(weights, a.blocks, a.output, parts);
  parts.norm(weights.norm, a.output, a.norm);
}

/** Writes down block l once more, from its `x`, for its backward pass; gives the same bits. */
export function recomputeBlock(
  pass: Pass,
  config: GptConfig,
  weights: GptParameters,
  a: Activations,
  l: number,
  dropout?: Dropout,
): void {
  const parts = wholeRows(pass, config, weights, a, dropout);
  forwardBlock(weights.blocks[l], l, a.blocks[l], parts);
}

/** The parts of a forward pass that keeps what a backward pass needs. */
function wholeRows(
  pass: Pass,
  config: GptConfig,
  weights: GptParameters,
  a: Activations,
  dropout?: Dropout,
): ForwardParts<NormActivations> {
  const { B, T, tokens, starts, positions, branch } = a;
  const { heads, channels: C } = config;
  const drop = (x: Tensor, layer: number) => {
    if (dropout) dropoutForward(pass, { x, clock: dropout.clock }, { rate: dropout.rate, layer });
  };
  const linear = (
    { weight, bias }: Affine,
    x: Tensor,
    y: Tensor,
    more: { residual?: Tensor; activated?: Tensor } = {},
  ) => matmul(pass, { a: x, b: weight, y, bias, ...more }, { layout: "NN" });
  const norm = ({ weight, bias }: Affine, x: Tensor, to: NormActivations) =>
    layernormForward(pass, { x, gain: weight, ...(bias ? { bias } : {}), ...to });
  return {
    norm,
    embed(x) {
      const { wte, wpe } = weights;
      embeddingForward(pass, { tokens, positions, wte, wpe, x: x.view(0, [B, T, C]) });
      drop(x, SITES.embedding);
    },
    attend(l, weights, x, y) {
      const { qkv, lse } = a.blocks[l];
      linear(weights, x, qkv);
      attentionForward(
        pass,
        {
          qkv: qkv.view(0, [B, T, 3 * C]),
          y: y.view(0, [B, T, C]),
          lse,
          starts,
          ...(dropout ? { clock: dropout.clock } : {}),
        },
        { heads, ...(dropout ? { dropout: dropout.rate, layer: SITES.block(l).attention } : {}) },
      );
    },
    join(l, name, { weights, x, stream, y }) {
      if (!dropout) return linear(weights, x, y, { residual: stream });
      linear(weights, x, branch);
      drop(branch, SITES.block(l)[name]);
      residualForward(pass, { a: stream, b: branch, y });
    },
    expand(l, weights, x, y) {
      linear(weights, x, a.blocks[l].wide, { activated: y });
    },
  };
}
