import { assertShapes, bindableViews, type Pass, type Tensor } from "../gpu/mod.ts";
import { gradientNormWgsl, PARTIALS, sumOfSquaresWgsl } from "./gradient_norm.wgsl.ts";

/** Options of {@linkcode gradientNorm}. */
export interface GradientNormOptions {
  /** Norm that longer gradients are scaled down to; 0 leaves them. @default 0 */
  clip?: number;
}

/** Tensors of {@linkcode gradientNorm}. */
export interface GradientNormTensors {
  /** Gradients of any shape and size. */
  gradients: readonly Tensor[];
  /** Scratch, of {@linkcode gradientNormPartialShape}. */
  partial: Tensor;
  /** [2]: the norm, and the factor that clips. */
  norm: Tensor;
}

/** Shape of the scratch tensor that {@linkcode gradientNorm} needs for these gradients. */
export function gradientNormPartialShape(gradients: readonly Tensor[]): [number] {
  return [gradients.flatMap(bindableViews).length * PARTIALS];
}

/**
 * Global L2 norm: norm[0] = √(Σ g²) over all gradients; norm[1] = clip / norm[0] where that is
 * below 1 and `clip` is not 0, else 1. Overwrites norm and partial; a NaN or infinity in a gradient
 * shows in norm[0]. Gradients larger than a binding are walked over in parts.
 *
 * Source: Pascanu et al. 2013, "On the difficulty of training recurrent neural networks".
 *
 * @throws {RangeError} if partial or norm has another shape, or clip is negative
 */
export function gradientNorm(
  pass: Pass,
  t: GradientNormTensors,
  { clip = 0 }: GradientNormOptions = {},
): void {
  const { gradients, partial, norm } = t;
  assertShapes("gradientNorm", { partial, norm }, {
    partial: gradientNormPartialShape(gradients),
    norm: [2],
  });
  if (!(clip >= 0)) {
    throw new RangeError(`Cannot run gradientNorm: clip must be 0 or more, got ${clip}`);
  }
  gradients.flatMap(bindableViews).forEach((gradient, i) => {
    const vector = gradient.size % 4 === 0;
    pass.launch(
      {
        label: `gradient_norm/squares ${vector ? "vec4" : "scalar"}`,
        code: sumOfSquaresWgsl(vector),
      },
      { gradient, partial: partial.view(i * PARTIALS, [PARTIALS]) },
      { n: gradient.size },
      { threads: PARTIALS },
    );
  });
  pass.launch(
    { label: "gradient_norm/total", code: gradientNormWgsl },
    { partial, norm },
    { n: partial.size, clip },
    { workgroups: [1] },
  );
}
