/** Tensors of the reference. */
export interface BinaryCrossEntropyArrays {
  logits: Float64Array;
  labels: Float64Array;
  weights: Float64Array;
  losses: Float64Array;
}

/** losses[i] = weights[i]·mean_k(−label·log σ(x) − (1 − label)·log σ(−x)). */
export function binaryCrossEntropyForward(
  t: BinaryCrossEntropyArrays,
  { K }: { K: number },
): void {
  for (let i = 0; i < t.weights.length; i++) {
    t.losses[i] = 0;
    for (let k = i * K; k < (i + 1) * K; k++) {
      const [x, label] = [t.logits[k], t.labels[k]];
      t.losses[i] += t.weights[i] / K * (label * softplus(-x) + (1 - label) * softplus(x));
    }
  }
}

/** As the forward; then logits[i][k] = (σ(x) − label)·weights[i]·scale/K. */
export function binaryCrossEntropyBackward(
  t: BinaryCrossEntropyArrays & { scale: Float64Array },
  { K }: { K: number },
): void {
  binaryCrossEntropyForward(t, { K });
  t.logits.forEach((x, i) => {
    const factor = t.weights[Math.floor(i / K)] * t.scale[0] / K;
    t.logits[i] = (1 / (1 + Math.exp(-x)) - t.labels[i]) * factor;
  });
}

/** log(1 + eˣ). */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
