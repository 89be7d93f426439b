/**
 * y = softmax(q·kᵀ/√HS)·v of each row over the keys of its slot up to its position, position p of a
 * slot being in cell blocks[slot][⌊p / 16⌋]·16 + p mod 16.
 */
export function pagedAttentionForward(
  t: {
    q: Float64Array;
    keys: Float64Array;
    values: Float64Array;
    rows: Uint32Array;
    blocks: Uint32Array;
    y: Float64Array;
  },
  { M, C, W, heads }: { M: number; C: number; W: number; heads: number },
): void {
  const { q, keys, values, rows, blocks, y } = t;
  const HS = C / heads;
  for (let i = 0; i < M; i++) {
    const [slot, position] = rows.subarray(4 * i);
    const cells = Array.from(
      { length: position + 1 },
      (_, p) => blocks[slot * W + Math.floor(p / 16)] * 16 + p % 16,
    );
    for (let h = 0; h < heads; h++) {
      const scores = cells.map((cell) => {
        let score = 0;
        for (let c = h * HS; c < (h + 1) * HS; c++) score += q[i * C + c] * keys[cell * C + c];
        return score / Math.sqrt(HS);
      });
      const max = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - max));
      const sum = weights.reduce((a, b) => a + b);
      for (let c = h * HS; c < (h + 1) * HS; c++) {
        y[i * C + c] = cells.reduce((s, cell, p) => s + weights[p] * values[cell * C + c], 0) / sum;
      }
    }
  }
}

/** y = pagedAttentionForward·w + bias + add, of the first row. */
export function pagedAttentionProjected(
  t: Parameters<typeof pagedAttentionForward>[0] & {
    w: Float64Array;
    bias?: Float64Array;
    add: Float64Array;
  },
  { C, W, heads }: { C: number; W: number; heads: number },
): void {
  const x = new Float64Array(C);
  pagedAttentionForward({ ...t, y: x }, { M: 1, C, W, heads });
  for (let j = 0; j < C; j++) {
    t.y[j] = t.add[j] + (t.bias?.[j] ?? 0) + x.reduce((sum, v, k) => sum + v * t.w[k * C + j], 0);
  }
}
