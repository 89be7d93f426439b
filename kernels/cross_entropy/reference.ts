/** Tensors of the reference. */
export interface CrossEntropyArrays {
  logits: Float64Array;
  targets: Int32Array;
  weights?: Float64Array;
  losses: Float64Array;
}

/**
 * losses[i] = −weights[i]·Σ q_j·log softmax(logits[i])_j, 0 where the target is −1; q is 1 at the target,
 * or with smoothing 1 − ε there and ε/V more everywhere.
 */
export function crossEntropyForward(
  t: CrossEntropyArrays,
  { V, smoothing = 0 }: { V: number; smoothing?: number },
): void {
  const { logits, targets, weights, losses } = t;
  for (let i = 0; i < targets.length; i++) {
    const row = logits.subarray(i * V, (i + 1) * V);
    const max = row.reduce((a, x) => Math.max(a, x), -Infinity);
    const sum = row.reduce((a, x) => a + Math.exp(x - max), 0);
    const mean = row.reduce((a, x) => a + x, 0) / V;
    const wanted = (1 - smoothing) * row[targets[i]] + smoothing * mean;
    const loss = Math.log(sum) - (wanted - max);
    losses[i] = targets[i] < 0 ? 0 : (weights?.[i] ?? 1) * loss;
  }
}

/** As the forward; then logits[i] = (softmax(logits[i]) − q)·weights[i]·scale. */
export function crossEntropyBackward(
  t: CrossEntropyArrays & { scale: Float64Array },
  { V, smoothing = 0 }: { V: number; smoothing?: number },
): void {
  const { logits, targets, weights, scale } = t;
  crossEntropyForward(t, { V, smoothing });
  for (let i = 0; i < targets.length; i++) {
    const row = logits.subarray(i * V, (i + 1) * V);
    const max = row.reduce((a, x) => Math.max(a, x), -Infinity);
    const sum = row.reduce((a, x) => a + Math.exp(x - max), 0);
    const factor = targets[i] < 0 ? 0 : (weights?.[i] ?? 1) * scale[0];
    for (let j = 0; j < V; j++) {
      const wanted = (j === targets[i] ? 1 - smoothing : 0) + smoothing / V;
      row[j] = (Math.exp(row[j] - max) / sum - wanted) * factor;
    }
  }
}
