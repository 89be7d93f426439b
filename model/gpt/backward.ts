import {
  attentionBackward,
  biasGradient,
  biasGradientPartialShape,
  dropoutBackward,
  embeddingBackward,
  geluBackward,
  layernormBackward,
  matmul,
  type Pass,
  type Tensor,
} from "../../kernels/mod.ts";
import type { GptConfig } from "../config.ts";
import type { ActivationGradients, Activations, NormActivations } from "./activations.ts";
import { type Dropout, SITES } from "./dropout.ts";
import { loraBackward } from "./lora.ts";
import { recomputeBlock, streamOf } from "./forward.ts";
import type {
  Affine,
  AffineGradient,
  BlockGradients,
  BlockParameters,
  CrossParameters,
  GptGradients,
  GptParameters,
} from "./parameters.ts";

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
  normBackward(pass, weights.norm, gradients.norm, a.output, a.norm, d, { accumulate: false });
  const trainsEmbedding = gradients.wte !== undefined || gradients.wpe !== undefined;
  const lowest = trainsEmbedding ? 0 : gradients.blocks.findIndex(isTrained);
  if (lowest < 0) return;
  blocksBackward(pass, config, weights.blocks, gradients.blocks, a, d, { lowest, dropout });
  if (!trainsEmbedding) return;
  undropInPlace(pass, d.x, SITES.embedding(a.first), dropout);
  embeddingBackward(pass, {
    tokens: a.tokens,
    positions: a.positions,
    dx: d.x.view(0, [B, T, config.channels]),
    ...(gradients.wte && { dwte: gradients.wte }),
    ...(gradients.wpe && { dwpe: gradients.wpe }),
    next: d.next,
  });
}

/** Options of {@linkcode blocksBackward}. */
export interface BlocksBackwardOptions {
  /** The block that is the last to go back through. */
  lowest: number;
  dropout?: Dropout;
}

/**
 * Writes down the backward pass of blocks, from the last to `lowest`: `d.x` goes from the gradient of
 * their result to that of what they began with. Overwrites `d.cross.source`, where blocks attend to
 * another sequence.
 */
export function blocksBackward(
  pass: Pass,
  config: Pick<GptConfig, "heads" | "channels">,
  weights: readonly BlockParameters[],
  gradients: readonly BlockGradients[],
  a: Activations,
  d: ActivationGradients,
  { lowest, dropout }: BlocksBackwardOptions,
): void {
  const { B, T, starts, lengths } = a;
  const { heads, channels: C } = config;
  const last = weights.length - 1;
  for (let l = last; l >= lowest; l--) {
    const [w, g, block] = [weights[l], gradients[l], a.blocks[l]];
    const site = SITES.block(a.first + l);
    // What the last block wrote is still there.
    if (a.recompute && l < last) recomputeBlock(pass, config, w, a, l, dropout);
    const down = undrop(pass, d, site.down, dropout);
    linear(pass, w.down, g.down, d, {
      x: block.active,
      dy: down,
      dx: d.wide,
      before: block.wide,
    });
    linear(pass, w.up, g.up, d, { x: block.norm2.y, dy: d.wide, dx: d.narrow });
    normBackward(pass, w.norm2, g.norm2, streamOf(block), block.norm2, d, { accumulate: true });
    if (w.cross) crossBackward(pass, config, w.cross, g.cross!, a, d, { l, last, dropout });
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
        ...{ lse: block.lse, starts, lengths },
        dy: d.narrow.view(0, [B, T, C]),
        dqkv: d.qkv.view(0, [B, T, 3 * C]),
        delta: d.delta,
        ...(dropout ? { clock: dropout.clock } : {}),
      },
      {
        ...{ heads, causal: !lengths },
        ...(dropout ? { dropout: dropout.rate, layer: site.attention } : {}),
      },
    );
    linear(pass, w.qkv, g.qkv, d, { x: block.norm1.y, dy: d.qkv, dx: d.narrow });
    normBackward(pass, w.norm1, g.norm1, block.x, block.norm1, d, { accumulate: true });
  }
}

/** The way back through attention to another sequence, whose gradient it begins or adds to. */
function crossBackward(
  pass: Pass,
  { heads, channels: C }: Pick<GptConfig, "heads" | "channels">,
  w: CrossParameters,
  g: NonNullable<BlockGradients["cross"]>,
  a: Activations,
  d: ActivationGradients,
  { l, last, dropout }: { l: number; last: number; dropout?: Dropout },
): void {
  const { B, T } = a;
  const { T: S, x: seen, lengths } = a.source!;
  const { middle, cross } = a.blocks[l];
  const { norm, q, kv, attended, lse } = cross!;
  const { q: dq, kv: dkv, source } = d.cross!;
  const site = SITES.cross(a.first + l);
  const dy = undrop(pass, d, site.projection, dropout);
  linear(pass, w.projection, g.projection, d, { x: attended, dy, dx: d.narrow });
  attentionBackward(
    pass,
    {
      q: q.view(0, [B, T, C]),
      kv: kv.view(0, [B, S, 2 * C]),
      y: attended.view(0, [B, T, C]),
      ...{ lse, lengths },
      dy: d.narrow.view(0, [B, T, C]),
      dq: dq.view(0, [B, T, C]),
      dkv: dkv.view(0, [B, S, 2 * C]),
      delta: d.delta,
      ...(dropout ? { clock: dropout.clock } : {}),
    },
    {
      ...{ heads, causal: false },
      ...(dropout ? { dropout: dropout.rate, layer: site.attention } : {}),
    },
  );
  linear(pass, w.kv, g.kv, d, { x: seen, dy: dkv, dx: source, accumulate: l < last });
  linear(pass, w.q, g.q, d, { x: norm.y, dy: dq, dx: d.narrow });
  normBackward(pass, w.norm, g.norm, middle, norm, d, { accumulate: true });
}

/** Whether anything of a block is trained. */
function isTrained(block: BlockGradients): boolean {
  return Object.values(block).some((part) => Object.keys(part).length > 0);
}

/**
 * dx = dy·wᵀ (overwrites, or adds); dw += xᵀ·dy, db += column sums of dy, unless they are frozen. Where
 * x is the GELU of `before`, dx is that one's gradient.
 */
function linear(
  pass: Pass,
  { weight, lora }: Affine,
  gradient: AffineGradient,
  { biasPartial, lora: passes }: ActivationGradients,
  { x, dy, dx, before, accumulate = false }: {
    x: Tensor;
    dy: Tensor;
    dx: Tensor;
    before?: Tensor;
    accumulate?: boolean;
  },
): void {
  if (lora && passes) {
    // The adapter's part must be there before the way back through GELU, which then is a step apart.
    const sum = before ? passes.wide.view(0, dx.shape) : dx;
    loraBackward(pass, lora, gradient.lora ?? {}, passes, { x, dy, dx: sum });
    matmul(pass, { a: dy, b: weight, y: sum }, { layout: "NT", accumulate: true });
    if (before) geluBackward(pass, { x: before, dy: sum, dx });
  } else matmul(pass, { a: dy, b: weight, y: dx, before }, { layout: "NT", accumulate });
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
export function normBackward(
  pass: Pass,
  { weight }: Affine,
  gradient: AffineGradient,
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
  const { rate, clock } = dropout;
  dropoutBackward(pass, { x: d.x, y: d.branch, clock }, { rate, layer });
  return d.branch;
}

/** The gradient of what is behind dropout becomes that of what is before it, where there is any. */
export function undropInPlace(pass: Pass, x: Tensor, layer: number, dropout?: Dropout): void {
  if (dropout) dropoutBackward(pass, { x, clock: dropout.clock }, { rate: dropout.rate, layer });
}
