import {
  attentionForward,
  dropoutForward,
  embeddingForward,
  geluForward,
  layernormForward,
  matmul,
  type Pass,
  residualForward,
  type Tensor,
} from "../../kernels/mod.ts";
import type { GptConfig } from "../config.ts";
import type { Activations, NormActivations } from "./activations.ts";
import { type Dropout, SITES } from "./dropout.ts";
import type { Affine, GptParameters } from "./parameters.ts";

/**
 * Writes down GPT-2's forward pass up to the last layer norm: embeddings, then for each block
 * attention and feed-forward, each behind a layer norm and added to the residual stream.
 *
 * Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
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
  const { B, T, branch } = a;
  const { heads, channels: C } = config;
  const first = a.blocks[0].x;
  embeddingForward(pass, {
    tokens: a.tokens,
    wte: weights.wte,
    wpe: weights.wpe,
    x: first.view(0, [B, T, C]),
  });
  drop(pass, first, SITES.embedding, dropout);
  weights.blocks.forEach((w, l) => {
    const block = a.blocks[l];
    const next = a.blocks[l + 1]?.x ?? a.output;
    const site = SITES.block(l);
    norm(pass, w.norm1, block.x, block.norm1);
    linear(pass, w.qkv, block.norm1.y, block.qkv);
    attentionForward(
      pass,
      {
        qkv: block.qkv.view(0, [B, T, 3 * C]),
        y: block.attended.view(0, [B, T, C]),
        lse: block.lse,
        ...(dropout ? { clock: dropout.clock } : {}),
      },
      { heads, ...(dropout ? { dropout: dropout.rate, layer: site.attention } : {}) },
    );
    linear(pass, w.projection, block.attended, branch);
    drop(pass, branch, site.projection, dropout);
    residualForward(pass, { a: block.x, b: branch, y: block.middle });
    norm(pass, w.norm2, block.middle, block.norm2);
    linear(pass, w.up, block.norm2.y, block.wide);
    geluForward(pass, { x: block.wide, y: block.active });
    linear(pass, w.down, block.active, branch);
    drop(pass, branch, site.down, dropout);
    residualForward(pass, { a: block.middle, b: branch, y: next });
  });
  norm(pass, weights.norm, a.output, a.norm);
}

/** y = x·w + b with x [N, in], w [in, out]. */
function linear(pass: Pass, { weight, bias }: Affine, x: Tensor, y: Tensor): void {
  matmul(pass, { a: x, b: weight, y, ...(bias ? { bias } : {}) }, { layout: "NN" });
}

function norm(pass: Pass, { weight, bias }: Affine, x: Tensor, to: NormActivations): void {
  layernormForward(pass, { x, gain: weight, ...(bias ? { bias } : {}), ...to });
}

function drop(pass: Pass, x: Tensor, layer: number, dropout?: Dropout): void {
  if (dropout) dropoutForward(pass, { x, clock: dropout.clock }, { rate: dropout.rate, layer });
}
