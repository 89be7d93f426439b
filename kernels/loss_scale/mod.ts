import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { scaleLossWgsl, updateLossScaleWgsl } from "./loss_scale.wgsl.ts";

/** Options of {@linkcode updateLossScale}. */
export interface LossScaleOptions {
  /** Norm that longer gradients are scaled down to; 0 leaves them. @default 0 */
  clip?: number;
  /** Steps without an infinity after which the scale doubles. @default 2000 */
  interval?: number;
}

/**
 * Multiplies the factor of a loss's gradient by the loss scale, so that gradients in half precision do
 * not vanish.
 *
 * @param t state [2]: the loss scale, and the steps since it last changed; scale [1]: multiplied by it
 * @throws {RangeError} if a shape is another
 */
export function scaleLoss(pass: Pass, t: { state: Tensor; scale: Tensor }): void {
  assertShapes("scaleLoss", t, { state: [2], scale: [1] });
  const { state, scale } = t;
  pass.launch({ label: "loss_scale/scale", code: scaleLossWgsl }, { state, scale }, {}, {
    threads: 1,
  });
}

/**
 * Takes the loss scale out of a gradient's norm: norm[0] becomes that of the gradient itself, and norm[1]
 * the factor that unscales and clips it, as {@linkcode adamw} reads it. Where the norm is infinite or
 * not a number norm[1] becomes −1, which tells AdamW to leave the step out, and the scale is halved; after
 * `interval` steps without one it doubles, up to 2²⁴.
 *
 * Source: Micikevicius et al. 2018, "Mixed Precision Training".
 *
 * @param t state [2]: as for {@linkcode scaleLoss}; norm [2]: from {@linkcode gradientNorm} without clip
 * @throws {RangeError} if a shape is another, or an option is out of range
 */
export function updateLossScale(
  pass: Pass,
  t: { state: Tensor; norm: Tensor },
  { clip = 0, interval = 2000 }: LossScaleOptions = {},
): void {
  assertShapes("updateLossScale", t, { state: [2], norm: [2] });
  if (!(clip >= 0 && interval >= 1)) {
    throw new RangeError(
      `Cannot run updateLossScale: clip must be 0 or more and interval 1 or more, got ${clip} and ${interval}`,
    );
  }
  const { state, norm } = t;
  pass.launch(
    { label: "loss_scale/update", code: updateLossScaleWgsl },
    { state, norm },
    { clip, interval },
    { threads: 1 },
  );
}
