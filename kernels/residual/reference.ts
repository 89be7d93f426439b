/** y[i] = a[i] + b[i]·keep(i), which is 0 or 1 / (1 − rate) where there is dropout. */
export function residualForward(
  t: { a: Float64Array; b: Float64Array; y: Float64Array },
  { keep = () => 1 }: { keep?: (element: number) => number },
): void {
  t.a.forEach((value, i) => t.y[i] = value + t.b[i] * keep(i));
}
