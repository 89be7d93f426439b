/** x[i] = value. */
export function fill(t: { x: Float64Array }, { value }: { value: number }): void {
  t.x.fill(value);
}
