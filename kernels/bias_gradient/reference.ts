/** dbias[c] += Σ_n dy[n][c]. */
export function biasGradient(
  t: { dy: Float64Array; dbias: Float64Array; partial: Float64Array },
): void {
  const C = t.dbias.length;
  t.dy.forEach((value, i) => t.dbias[i % C] += value);
}
