/** y[i] = x[i]·keep(i), which is 0 or 1 / (1 − rate); x is overwritten where there is no y. */
export function dropoutForward(
  { x, y = x }: { x: Float64Array; y?: Float64Array },
  { keep }: { keep: (element: number) => number },
): void {
  x.forEach((value, i) => y[i] = value * keep(i));
}
