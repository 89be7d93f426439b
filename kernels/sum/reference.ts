/** total[slot[0]] += Σ x. */
export function accumulateSum(
  t: { x: Float64Array; total: Float64Array; slot: Uint32Array },
): void {
  const { x, total, slot } = t;
  for (let i = 0; i < x.length; i++) total[slot[0]] += x[i];
}
