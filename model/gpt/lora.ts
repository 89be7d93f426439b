import { dropoutForward, matmul, type Pass, scale, type Tensor } from "../../kernels/mod.ts";
import type { GptConfig } from "../config.ts";
import type { PassOptions } from "../network.ts";
import type { Dropout } from "./dropout.ts";
import type { BlockParameters, LoraWeights } from "./parameters.ts";
import type { TensorMaker } from "./shared_tensors.ts";

/** Sites of dropout from here on are those of adapted layers. */
const FIRST_SITE = 2 ** 20;

/** An adapted layer in a pass. */
interface AdaptedLayer {
  /** α/r·x·Aᵀ, [N, r]. */
  low: Tensor;
  /** Tells its dropout from that of others. */
  site: number;
}

/** What adapted layers need in passes over N rows. */
export interface LoraPasses {
  /** α/r. */
  factor: number;
  /** Dropout of what an adapter reads; absent outside training. */
  dropout?: Dropout;
  layers: ReadonlyMap<LoraWeights, AdaptedLayer>;
  /** Gradient of one layer's `low`, [N, r]. */
  dlow: Tensor;
  /** Scratch for the widest input of a layer, [N, 4C]. */
  wide: Tensor;
}

/** Allocates what a model's adapted layers need; undefined where it has none. */
export function createLora(
  device: TensorMaker,
  { lora, channels: C }: GptConfig,
  blocks: readonly BlockParameters[],
  { B, T }: Pick<PassOptions, "B" | "T">,
): LoraPasses | undefined {
  if (!lora) return undefined;
  const N = B * T;
  const adapted = blocks.flatMap(({ qkv, projection, up, down }) =>
    [qkv, projection, up, down].flatMap((layer) => layer.lora ?? [])
  );
  return {
    factor: lora.alpha / lora.rank,
    layers: new Map(adapted.map((weights, i) => [weights, {
      low: device.tensor(`low ${i}`, [N, lora.rank]),
      site: FIRST_SITE + i,
    }])),
    dlow: device.tensor("dlow", [N, lora.rank]),
    wide: device.tensor("low wide", [N, 4 * C]),
  };
}

/**
 * Writes down the part that low-rank adaptation adds to a linear layer: y = α/r·drop(x)·Aᵀ·Bᵀ.
 * Overwrites y.
 *
 * Source: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", with dropout as PEFT.
 */
export function loraForward(
  pass: Pass,
  weights: LoraWeights,
  passes: LoraPasses,
  { x, y }: { x: Tensor; y: Tensor },
): void {
  const { low, site } = passes.layers.get(weights)!;
  matmul(pass, { a: dropped(pass, passes, x, site), b: weights.a, y: low }, { layout: "NT" });
  scale(pass, { x: low }, { factor: passes.factor });
  matmul(pass, { a: low, b: weights.b, y }, { layout: "NT" });
}

/** The way back: adds to the gradients of A and B that are trained, and overwrites dx with its part. */
export function loraBackward(
  pass: Pass,
  weights: LoraWeights,
  gradient: Partial<LoraWeights>,
  passes: LoraPasses,
  { x, dy, dx }: { x: Tensor; dy: Tensor; dx: Tensor },
): void {
  const { dlow, factor, dropout } = passes;
  const { low, site } = passes.layers.get(weights)!;
  const added = { layout: "TN", accumulate: true } as const;
  if (gradient.b) matmul(pass, { a: dy, b: low, y: gradient.b }, added);
  matmul(pass, { a: dy, b: weights.b, y: dlow }, { layout: "NN" });
  scale(pass, { x: dlow }, { factor });
  if (gradient.a) {
    matmul(pass, { a: dlow, b: dropped(pass, passes, x, site), y: gradient.a }, added);
  }
  matmul(pass, { a: dlow, b: weights.a, y: dx }, { layout: "NN" });
  if (dropout) {
    dropoutForward(pass, { x: dx, clock: dropout.clock }, { rate: dropout.rate, layer: site });
  }
}

/** x behind dropout, in the scratch; x itself where there is none. */
function dropped(pass: Pass, { wide, dropout }: LoraPasses, x: Tensor, layer: number): Tensor {
  if (!dropout) return x;
  const y = wide.view(0, x.shape);
  dropoutForward(pass, { x, y, clock: dropout.clock }, { rate: dropout.rate, layer });
  return y;
}
