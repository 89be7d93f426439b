/** y[r] = x[rows[r]], rows of C elements. */
export function gatherRows(
  t: { x: Float64Array; rows: Uint32Array; y: Float64Array },
  { C }: { C: number },
): void {
  t.rows.forEach((row, r) => t.y.set(t.x.subarray(row * C, (row + 1) * C), r * C));
}
