/** y[i] = a[i] + b[i]. */
export function residualForward(t: { a: Float64Array; b: Float64Array; y: Float64Array }): void {
  t.a.forEach((value, i) => t.y[i] = value + t.b[i]);
}
