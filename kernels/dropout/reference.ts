/** x[i] *= keep(i), which is 0 or 1 / (1 − rate). */
export function dropoutForward(
  t: { x: Float64Array },
  { keep }: { keep: (element: number) => number },
): void {
  t.x.forEach((value, i) => t.x[i] = value * keep(i));
}
