const SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** y[i] = GELU(x[i]). */
export function geluForward(t: { x: Float64Array; y: Float64Array }): void {
  const { x, y } = t;
  for (let i = 0; i < x.length; i++) {
    y[i] = 0.5 * x[i] * (1 + Math.tanh(SCALE * (x[i] + CUBIC * x[i] ** 3)));
  }
}

/** dx[i] = dy[i]·GELU′(x[i]). */
export function geluBackward(t: { x: Float64Array; dy: Float64Array; dx: Float64Array }): void {
  const { x, dy, dx } = t;
  for (let i = 0; i < x.length; i++) {
    const tanh = Math.tanh(SCALE * (x[i] + CUBIC * x[i] ** 3));
    const slope = SCALE * (1 + 3 * CUBIC * x[i] ** 2);
    dx[i] = dy[i] * (0.5 * (1 + tanh) + 0.5 * x[i] * (1 - tanh ** 2) * slope);
  }
}
