/** y[r] = x[rows[r]], rows of C elements. */
export function gatherRows(
  t: { x: Float64Array; rows: Uint32Array; y: Float64Array },
  { C }: { C: number },
): void {
  t.rows.forEach((row, r) => t.y.set(t.x.subarray(row * C, (row + 1) * C), r * C));
}

/** dx[rows[r]] += dy[r]. */
export function gatherRowsBackward(
  t: { dy: Float64Array; rows: Uint32Array; dx: Float64Array },
  { C }: { C: number },
): void {
  t.dy.forEach((value, i) => t.dx[t.rows[Math.floor(i / C)] * C + i % C] += value);
}
