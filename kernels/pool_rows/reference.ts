/** sums[slot] += x[i] for each row i of the slot. */
export function poolRows(
  t: { x: Float64Array; rows: Uint32Array; sums: Float64Array },
  { M, C }: { M: number; C: number },
): void {
  for (let i = 0; i < M; i++) {
    for (let c = 0; c < C; c++) t.sums[t.rows[4 * i] * C + c] += t.x[i * C + c];
  }
}
