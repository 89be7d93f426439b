/** y[i] = x[i]. */
export function copy(t: { x: Float64Array; y: Float64Array }): void {
  t.y.set(t.x);
}
