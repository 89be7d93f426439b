import {
  attentionBackward,
  biasGradient,
  biasGradientPartialShape,
  copy,
  dropoutBackward,
  embeddingBackward,
  layernormBackward,
  matmul,
  type Pass,
  type Tensor,
} from "../../kernels/mod.ts";
import type { GptConfig } from "../config.ts";
import type { ActivationGradients, Activations, NormActivations } from "./activations.ts";
import { type Dropout, SITES } from "./dropout.ts";
import { recomputeBlock } from "./forward.ts";
import type { Affine, GptGradients, GptParameters } from "./parameters.ts";

/**
 * Writes down the backward pass: the forward's list read from its end. `d.x` holds the gradient of
 * the residual stream throughout; each branch reads it and adds its own part through its layer norm.
 *
 * Reads the gradient of the last layer norm's result from `d.narrow`; adds to the gradients of the
 * parameters that are trained, and goes no further down than to the lowest of them.
 */
export function gptBackward(
  pass: Pass,
  config: GptConfig,
  weights: GptParameters,
  gradients: GptGradients,
  a: Activations,
  d: ActivationGradients,
  dropout?: Dropout,
): void {
  const { B, T } = a;
  const { heads, channels: C } = config;
  const first = a.blocks[0].x;
  norm(pass, weights.norm, gradients.norm, a.output, a.norm, d, { accumulate: false });
  const trainsEmbedding = gradients.wte !== undefined || gradients.wpe !== undefined;
  const lowest = trainsEmbedding ? 0 : gradients.blocks.findIndex(isTrained);
  if (lowest < 0) return;
  for (let l = config.layers - 1; l >= lowest; l--) {
    const [w, g, block] = [weights.blocks[l], gradients.blocks[l], a.blocks[l]];
    const site = SITES.block(l);
    // What the last block wrote is still there.
    if (a.recompute && l < config.layers - 1) recomputeBlock(pass, config, weights, a, l, dropout);
    const down = undrop(pass, d, site.down, dropout);
    linear(pass, w.down, g.down, d, {
      x: block.active,
      dy: down,
      dx: d.wide,
      before: block.wide,
    });
    linear(pass, w.up, g.up, d, { x: block.norm2.y, dy: d.wide, dx: d.narrow });
    norm(pass, w.norm2, g.norm2, block.middle, block.norm2, d, { accumulate: true });
    const projection = undrop(pass, d, site.projection, dropout);
    linear(pass, w.projection, g.projection, d, {
      x: block.attended,
      dy: projection,
      dx: d.narrow,
    });
    attentionBackward(
      pass,
      {
        qkv: block.qkv.view(0, [B, T, 3 * C]),
        y: block.attended.view(0, [B, T, C]),
        lse: block.lse,
        starts: a.starts,
        dy: d.narrow.view(0, [B, T, C]),
        dqkv: d.qkv.view(0, [B, T, 3 * C]),
        delta: d.delta,
        ...(dropout ? { clock: dropout.clock } : {}),
      },
      { heads, ...(dropout ? { dropout: dropout.rate, layer: site.attention } : {}) },
    );
    linear(pass, w.qkv, g.qkv, d, { x: block.norm1.y, dy: d.qkv, dx: d.narrow });
    norm(pass, w.norm1, g.norm1, block.x, block.norm1, d, { accumulate: true });
  }
  if (!trainsEmbedding) return;
  if (dropout) {
    dropoutBackward(pass, { x: d.x, clock: dropout.clock }, {
      rate: dropout.rate,
      layer: SITES.embedding,
    });
  }
  embeddingBackward(pass, {
    tokens: a.tokens,
    positions: a.positions,
    dx: d.x.view(0, [B, T, first.shape[1]]),
    ...(gradients.wte && { dwte: gradients.wte }),
    ...(gradients.wpe && { dwpe: gradients.wpe }),
    next: d.next,
  });
}

/** Whether anything of a block is trained. */
function isTrained(block: GptGradients["blocks"][number]): boolean {
  return Object.values(block).some((part) => Object.keys(part).length > 0);
}

/**
 * dx = dy·wᵀ (overwrites); dw += xᵀ·dy, db += column sums of dy, unless they are frozen. Where x is the GELU of `before`, dx is
 * that one's gradient.
 */
function linear(
  pass: Pass,
  { weight }: Affine,
  gradient: Partial<Affine>,
  { biasPartial }: ActivationGradients,
  { x, dy, dx, before }: { x: Tensor; dy: Tensor; dx: Tensor; before?: Tensor },
): void {
  matmul(pass, { a: dy, b: weight, y: dx, before }, { layout: "NT" });
  if (gradient.weight) {
    matmul(pass, { a: x, b: dy, y: gradient.weight }, { layout: "TN", accumulate: true });
  }
  if (!gradient.bias) return;
  biasGradient(pass, {
    dy,
    dbias: gradient.bias,
    partial: biasPartial.view(0, biasGradientPartialShape(dy.shape)),
  });
}

/** Adds a layer norm's gradient, read from `d.narrow`, to that of the stream, or begins the stream with it. */
function norm(
  pass: Pass,
  { weight }: Affine,
  gradient: Partial<Affine>,
  x: Tensor,
  { mean, rstd }: NormActivations,
  d: ActivationGradients,
  options: { accumulate: boolean },
): void {
  layernormBackward(
    pass,
    {
      ...{ x, gain: weight, mean, rstd, dy: d.narrow, dx: d.x },
      ...(gradient.weight ? { dgain: gradient.weight } : {}),
      ...(gradient.bias ? { dbias: gradient.bias } : {}),
      partial: d.normPartial,
    },
    options,
  );
}

/** The gradient of a branch: the stream's, behind the branch's dropout. */
function undrop(pass: Pass, d: ActivationGradients, layer: number, dropout?: Dropout): Tensor {
  if (!dropout) return d.x;
  copy(pass, { x: d.x, y: d.branch });
  dropoutBackward(pass, { x: d.branch, clock: dropout.clock }, { rate: dropout.rate, layer });
  return d.branch;
}
