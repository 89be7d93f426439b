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
