/** x[i] *= factor. */
export function scale(t: { x: Float64Array }, { factor }: { factor: number }): void {
  t.x.forEach((value, i) => t.x[i] = value * factor);
}
