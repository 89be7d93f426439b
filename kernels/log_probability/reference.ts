/** ids[r], values[r] = the row's token, then its likeliest ones, and log softmax(logits[r]) at them. */
export function logProbabilities(
  t: {
    logits: Float64Array;
    picks: Uint32Array;
    tokens: Uint32Array;
    ids: Uint32Array;
    values: Float64Array;
  },
  { R, V }: { R: number; V: number },
): void {
  for (let r = 0; r < R; r++) {
    const x = t.logits.subarray(r * V, (r + 1) * V);
    const max = x.reduce((a, b) => Math.max(a, b));
    const all = max + Math.log(x.reduce((sum, value) => sum + Math.exp(value - max), 0));
    const order = Array.from(x.keys()).sort((a, b) => x[b] - x[a] || a - b);
    const count = Math.min(t.picks[4 * r + 3], 21);
    [t.tokens[r], ...order.slice(0, 20)].slice(0, count).forEach((id, n) => {
      t.ids[21 * r + n] = id;
      t.values[21 * r + n] = x[id] - all;
    });
  }
}
