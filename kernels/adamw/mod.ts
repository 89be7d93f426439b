import { assertShapes, bindableViews, type Pass, type Tensor } from "../gpu/mod.ts";
import { adamwWgsl } from "./adamw.wgsl.ts";

/** Tensors of {@linkcode adamw}; the first four have one shape. */
export interface AdamwTensors {
  /** Parameters, one after another. */
  parameters: Tensor;
  /** Their gradients, before clipping. */
  gradients: Tensor;
  /** Running mean of the gradients. */
  m: Tensor;
  /** Running mean of their squares. */
  v: Tensor;
  /** [2], from {@linkcode gradientNorm}: gradients are multiplied by norm[1]; below 0 it leaves the step out. */
  norm: Tensor;
  /** [4], written before step t, from 1: learning rate, 1 / (1 − β1ᵗ), 1 / (1 − β2ᵗ), unused. */
  schedule: Tensor;
}

/** Options of {@linkcode adamw}. */
export interface AdamwOptions {
  /** Decay of the running mean, in [0, 1). @default 0.9 */
  beta1?: number;
  /** Decay of the running mean of squares, in [0, 1). @default 0.999 */
  beta2?: number;
  /** Added to the root of the mean square. @default 1e-8 */
  epsilon?: number;
  /** Share of a parameter that a step at learning rate 1 takes off. @default 0.01 */
  weightDecay?: number;
  /** Number of elements, from the first, that are decayed. @default all */
  decayed?: number;
}

/**
 * A step of AdamW: p −= lr·wd·p for the decayed elements, then p −= lr·m̂ / (√v̂ + ε). Updates
 * parameters, m and v; tensors larger than a binding are walked over in parts.
 *
 * What changes from step to step lies in `schedule`, so that a recording serves all steps.
 * Source: Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization".
 *
 * @throws {RangeError} if shapes differ or an option is out of range
 */
export function adamw(pass: Pass, t: AdamwTensors, options: AdamwOptions = {}): void {
  const { parameters, norm, schedule } = t;
  const { shape, size } = parameters;
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, decayed = size } =
    options;
  assertShapes("adamw", { ...t }, {
    gradients: shape,
    m: shape,
    v: shape,
    norm: [2],
    schedule: [4],
  });
  const fail = (rule: string, value: number): never => {
    throw new RangeError(`Cannot run adamw: ${rule}, got ${value}`);
  };
  if (!(beta1 >= 0 && beta1 < 1)) fail("beta1 must be in [0, 1)", beta1);
  if (!(beta2 >= 0 && beta2 < 1)) fail("beta2 must be in [0, 1)", beta2);
  if (!(decayed >= 0 && decayed <= size)) fail(`decayed must be in [0, ${size}]`, decayed);
  const [gradients, m, v] = [t.gradients, t.m, t.v].map(bindableViews);
  let start = 0;
  bindableViews(parameters).forEach((part, i) => {
    const n = part.size;
    const vector = n % 4 === 0;
    pass.launch(
      { label: `adamw/${vector ? "vec4" : "scalar"}`, code: adamwWgsl(vector) },
      { parameters: part, gradients: gradients[i], m: m[i], v: v[i], norm, schedule },
      {
        n,
        decayed: Math.min(n, Math.max(0, decayed - start)),
        ...{ epsilon, weightDecay, beta1, beta2, new1: 1 - beta1, new2: 1 - beta2 },
      },
      { threads: vector ? n / 4 : n },
    );
    start += n;
  });
}
