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
import { loraForward } from "./lora.ts";
import type { Affine, BlockParameters, CrossParameters, GptParameters } from "./parameters.ts";

/** What the blocks of a forward pass write, as far as training and inference share it. */
export interface BlockStream<N extends { y: Tensor }> {
  /** Residual stream at the block's start, [N, C]. */
  x: Tensor;
  norm1: N;
  /** Attention's result, [N, C]. */
  attended: Tensor;
  /** Residual stream after attention, [N, C]. */
  middle: Tensor;
  /** Attention to another sequence, and the residual stream behind it, [N, C]. */
  cross?: { norm: N; joined: Tensor };
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
  /** y = stream + attention of x to another sequence, where there is one. */
  attendTo?(l: number, weights: CrossParameters, t: Omit<JoinTensors, "weights">): void;
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
  weights: Pick<GptParameters, "blocks">,
  blocks: readonly BlockStream<N>[],
  output: Tensor,
  parts: ForwardParts<N>,
): void {
  parts.embed(blocks[0].x);
  weights.blocks.forEach((w, l) => {
    const { active } = blocks[l];
    forwardBlock(w, l, blocks[l], parts);
    const y = blocks[l + 1]?.x ?? output;
    parts.join(l, "down", { weights: w.down, x: active, stream: streamOf(blocks[l]), y });
  });
}

/** A block but for the end of its last branch, which nothing within the block reads. */
function forwardBlock<N extends { y: Tensor }>(
  w: BlockParameters,
  l: number,
  block: BlockStream<N>,
  parts: Omit<ForwardParts<N>, "embed">,
): void {
  const { x, norm1, attended, middle, cross, norm2, active } = block;
  parts.norm(w.norm1, x, norm1);
  parts.attend(l, w.qkv, norm1.y, attended);
  parts.join(l, "projection", { weights: w.projection, x: attended, stream: x, y: middle });
  if (cross && w.cross) {
    parts.norm(w.cross.norm, middle, cross.norm);
    parts.attendTo!(l, w.cross, { x: cross.norm.y, stream: middle, y: cross.joined });
  }
  parts.norm(w.norm2, streamOf(block), norm2);
  parts.expand(l, w.up, norm2.y, active);
}

/** The residual stream before the feed-forward part. */
export function streamOf(
  { middle, cross }: { middle: Tensor; cross?: { joined: Tensor } },
): Tensor {
  return cross?.joined ?? middle;
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
  const parts = wholeRows(pass, config, a, dropout);
  forwardBlocks(weights, a.blocks, a.output, {
    ...parts,
    embed(x) {
      const { wte, wpe } = weights;
      const { B, T, tokens, positions } = a;
      const rows = x.view(0, [B, T, config.channels]);
      embeddingForward(pass, { tokens, positions, wte, wpe, x: rows });
      drop(pass, x, SITES.embedding(a.first), dropout);
    },
  });
  parts.norm(weights.norm, a.output, a.norm);
}

/** Writes down block l once more, from its `x`, for its backward pass; gives the same bits. */
export function recomputeBlock(
  pass: Pass,
  config: Pick<GptConfig, "heads" | "channels">,
  weights: BlockParameters,
  a: Activations,
  l: number,
  dropout?: Dropout,
): void {
  forwardBlock(weights, l, a.blocks[l], wholeRows(pass, config, a, dropout));
}

/** Drops elements of x, where there is dropout. */
export function drop(pass: Pass, x: Tensor, layer: number, dropout?: Dropout): void {
  if (dropout) dropoutForward(pass, { x, clock: dropout.clock }, { rate: dropout.rate, layer });
}

/** The parts of a forward pass over blocks that keeps what a backward pass needs. */
export function wholeRows(
  pass: Pass,
  { heads, channels: C }: Pick<GptConfig, "heads" | "channels">,
  a: Activations,
  dropout?: Dropout,
): Omit<ForwardParts<NormActivations>, "embed"> {
  const { B, T, starts, lengths, source, first, branch } = a;
  const clock = dropout ? { clock: dropout.clock } : {};
  const dropped = (layer: number) => dropout ? { dropout: dropout.rate, layer } : {};
  const linear = (
    { weight, bias, lora }: Affine,
    x: Tensor,
    y: Tensor,
    more: { residual?: Tensor; activated?: Tensor } = {},
  ) => {
    if (lora) loraForward(pass, lora, a.lora!, { x, y });
    const accumulate = lora !== undefined;
    matmul(pass, { a: x, b: weight, y, bias, ...more }, { layout: "NN", accumulate });
  };
  const norm = ({ weight, bias }: Affine, x: Tensor, to: NormActivations) =>
    layernormForward(pass, { x, gain: weight, ...(bias ? { bias } : {}), ...to });
  const join = (site: number, { weights, x, stream, y }: JoinTensors) => {
    if (!dropout) return linear(weights, x, y, { residual: stream });
    linear(weights, x, branch);
    residualForward(pass, { a: stream, b: branch, y, ...clock }, dropped(site));
  };
  return {
    norm,
    attend(l, weights, x, y) {
      const { qkv, lse } = a.blocks[l];
      linear(weights, x, qkv);
      attentionForward(
        pass,
        {
          qkv: qkv.view(0, [B, T, 3 * C]),
          y: y.view(0, [B, T, C]),
          ...{ lse, starts, lengths, ...clock },
        },
        { heads, causal: !lengths, ...dropped(SITES.block(first + l).attention) },
      );
    },
    attendTo(l, weights, { x, stream, y }) {
      const { q, kv, lse, attended } = a.blocks[l].cross!;
      const { T: S, x: seen, lengths } = source!;
      const site = SITES.cross(first + l);
      linear(weights.q, x, q);
      linear(weights.kv, seen, kv);
      attentionForward(
        pass,
        {
          q: q.view(0, [B, T, C]),
          kv: kv.view(0, [B, S, 2 * C]),
          y: attended.view(0, [B, T, C]),
          ...{ lse, lengths, ...clock },
        },
        { heads, causal: false, ...dropped(site.attention) },
      );
      join(site.projection, { weights: weights.projection, x: attended, stream, y });
    },
    join: (l, name, t) => join(SITES.block(first + l)[name], t),
    expand(l, weights, x, y) {
      linear(weights, x, a.blocks[l].wide, { activated: y });
    },
  };
}
