import {
  embeddingForward,
  type EmbeddingOptions,
  type Pass,
  type Tensor,
} from "../../kernels/mod.ts";
import { drop, type Dropout, forwardBlocks, SITES, wholeRows } from "../gpt/mod.ts";
import type { PairActivations, SideActivations } from "./activations.ts";
import type { EncoderDecoderConfig } from "./config.ts";
import type { EncoderDecoderParameters, SideParameters } from "./parameters.ts";
import { POSITION_OFFSET, SIDES } from "./shapes.ts";

/**
 * Writes down the forward pass over pairs up to the decoder's last layer norm: each side embeds its
 * tokens behind a layer norm, goes through its blocks and a last layer norm; the decoder's blocks
 * attend to what the encoder made.
 *
 * Source: Liu et al. 2020, "Multilingual Denoising Pre-training for Neural Machine Translation", as
 * transformers computes it.
 */
export function encoderDecoderForward(
  pass: Pass,
  config: EncoderDecoderConfig,
  weights: EncoderDecoderParameters,
  a: PairActivations,
  dropout?: Dropout,
): void {
  for (const side of SIDES) {
    sideForward(pass, config, weights.shared, weights[side], a[side], dropout);
  }
}

/** Writes down the forward pass of one side. */
export function sideForward(
  pass: Pass,
  config: EncoderDecoderConfig,
  shared: Tensor,
  weights: SideParameters,
  a: SideActivations,
  dropout?: Dropout,
): void {
  const { B, T, tokens, embedded } = a;
  const parts = wholeRows(pass, config, a, dropout);
  forwardBlocks(weights, a.blocks, a.output, {
    ...parts,
    embed(x) {
      const sum = embedded.x.view(0, [B, T, config.channels]);
      const t = { tokens, wte: shared, wpe: weights.positions, x: sum };
      embeddingForward(pass, t, embeddingOptions(config));
      const { mean, rstd } = embedded;
      parts.norm(weights.embeddingNorm, embedded.x, { y: x, mean, rstd });
      drop(pass, x, SITES.embedding(a.first), dropout);
    },
  });
  parts.norm(weights.norm, a.output, a.norm);
}

/** How embeddings are put together. */
export function embeddingOptions(
  { scaleEmbedding, channels }: EncoderDecoderConfig,
): EmbeddingOptions {
  return { scale: scaleEmbedding ? Math.sqrt(channels) : 1, offset: POSITION_OFFSET };
}
