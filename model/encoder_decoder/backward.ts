import { embeddingBackward, layernormBackward, type Pass, type Tensor } from "../../kernels/mod.ts";
import {
  type ActivationGradients,
  blocksBackward,
  type Dropout,
  normBackward,
  SITES,
  undropInPlace,
} from "../gpt/mod.ts";
import type { PairActivations, PairGradients, SideActivations } from "./activations.ts";
import type { EncoderDecoderConfig } from "./config.ts";
import { embeddingOptions } from "./forward.ts";
import type {
  EncoderDecoderGradients,
  EncoderDecoderParameters,
  SideGradients,
  SideParameters,
} from "./parameters.ts";

/**
 * Writes down the backward pass: the decoder's, which leaves the gradient of what the encoder made, then
 * the encoder's. Reads the gradient of the decoder's last layer norm's result from its `narrow`; adds to
 * the gradients of the parameters that are trained.
 */
export function encoderDecoderBackward(
  pass: Pass,
  config: EncoderDecoderConfig,
  weights: EncoderDecoderParameters,
  gradients: EncoderDecoderGradients,
  a: PairActivations,
  d: PairGradients,
  dropout?: Dropout,
): void {
  for (const side of ["decoder", "encoder"] as const) {
    const one: SideBackward = {
      ...{ config, dropout, shared: gradients.shared },
      ...{ weights: weights[side], gradients: gradients[side], a: a[side], d: d[side] },
    };
    sideBackward(pass, one);
  }
}

interface SideBackward {
  config: EncoderDecoderConfig;
  weights: SideParameters;
  gradients: SideGradients;
  /** Gradient of the token embedding. */
  shared?: Tensor;
  a: SideActivations;
  d: ActivationGradients;
  dropout?: Dropout;
}

function sideBackward(
  pass: Pass,
  { config, weights, gradients, shared, a, d, dropout }: SideBackward,
): void {
  const { B, T, tokens, embedded } = a;
  normBackward(pass, weights.norm, gradients.norm, a.output, a.norm, d, { accumulate: false });
  blocksBackward(pass, config, weights.blocks, gradients.blocks, a, d, { lowest: 0, dropout });
  undropInPlace(pass, d.x, SITES.embedding(a.first), dropout);
  const { weight: dgain, bias: dbias } = gradients.embeddingNorm;
  layernormBackward(pass, {
    ...{ x: embedded.x, mean: embedded.mean, rstd: embedded.rstd },
    ...{ gain: weights.embeddingNorm.weight, dy: d.x, dx: d.narrow, partial: d.normPartial },
    ...(dgain && { dgain }),
    ...(dbias && { dbias }),
  });
  embeddingBackward(
    pass,
    {
      ...{ tokens, next: d.next, dx: d.narrow.view(0, [B, T, config.channels]) },
      ...(shared && { dwte: shared }),
      ...(gradients.positions && { dwpe: gradients.positions }),
    },
    embeddingOptions(config),
  );
}
