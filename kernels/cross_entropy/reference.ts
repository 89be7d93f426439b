/** Tensors of the reference. */
export interface CrossEntropyArrays {
  logits: Float64Array;
  targets: Int32Array;
  weights?: Float64Array;
  losses: Float64Array;
}

/** losses[i] = weights[i]·(−log softmax(logits[i])[targets[i]]), 0 where the target is −1. */
export function crossEntropyForward(t: CrossEntropyArrays, { V }: { V: number }): void {
  const { logits, targets, weights, losses } = t;
  for (let i = 0; i < targets.length; i++) {
    const row = logits.subarray(i * V, (i + 1) * V);
    const max = row.reduce((a, x) => Math.max(a, x), -Infinity);
    const sum = row.reduce((a, x) => a + Math.exp(x - max), 0);
    const loss = Math.log(sum) - (row[targets[i]] - max);
    losses[i] = targets[i] < 0 ? 0 : (weights?.[i] ?? 1) * loss;
  }
}

/** As the forward; then logits[i] = (softmax(logits[i]) − onehot(targets[i]))·weights[i]·scale. */
export function crossEntropyBackward(
  t: CrossEntropyArrays & { scale: Float64Array },
  { V }: { V: number },
): void {
  const { logits, targets, weights, scale } = t;
  crossEntropyForward(t, { V });
  for (let i = 0; i < targets.length; i++) {
    const row = logits.subarray(i * V, (i + 1) * V);
    const max = row.reduce((a, x) => Math.max(a, x), -Infinity);
    const sum = row.reduce((a, x) => a + Math.exp(x - max), 0);
    const factor = targets[i] < 0 ? 0 : (weights?.[i] ?? 1) * scale[0];
    for (let j = 0; j < V; j++) {
      row[j] = (Math.exp(row[j] - max) / sum - (j === targets[i] ? 1 : 0)) * factor;
    }
  }
}
