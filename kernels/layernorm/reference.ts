/** y = (x − mean)·rstd·gain + bias, rows of C. */
export function layernormForward(
  t: {
    x: Float64Array;
    gain: Float64Array;
    bias?: Float64Array;
    y: Float64Array;
    mean: Float64Array;
    rstd: Float64Array;
  },
  { N, C, eps = 1e-5 }: { N: number; C: number; eps?: number },
): void {
  for (let n = 0; n < N; n++) {
    let sum = 0;
    for (let c = 0; c < C; c++) sum += t.x[n * C + c];
    const mean = sum / C;
    let squares = 0;
    for (let c = 0; c < C; c++) squares += (t.x[n * C + c] - mean) ** 2;
    const rstd = 1 / Math.sqrt(squares / C + eps);
    for (let c = 0; c < C; c++) {
      t.y[n * C + c] = (t.x[n * C + c] - mean) * rstd * t.gain[c] + (t.bias?.[c] ?? 0);
    }
    t.mean[n] = mean;
    t.rstd[n] = rstd;
  }
}

/** dx = rstd·(g − mean(g) − x̂·mean(g·x̂)) with g = dy·gain; dgain += Σ dy·x̂; dbias += Σ dy. */
export function layernormBackward(
  t: {
    x: Float64Array;
    gain: Float64Array;
    mean: Float64Array;
    rstd: Float64Array;
    dy: Float64Array;
    dx: Float64Array;
    dgain?: Float64Array;
    dbias?: Float64Array;
  },
  { N, C, accumulate }: { N: number; C: number; accumulate?: boolean },
): void {
  for (let n = 0; n < N; n++) {
    const normed = (c: number) => (t.x[n * C + c] - t.mean[n]) * t.rstd[n];
    let [sum, product] = [0, 0];
    for (let c = 0; c < C; c++) {
      const dy = t.dy[n * C + c];
      if (t.dgain) t.dgain[c] += dy * normed(c);
      if (t.dbias) t.dbias[c] += dy;
      sum += dy * t.gain[c];
      product += dy * t.gain[c] * normed(c);
    }
    for (let c = 0; c < C; c++) {
      const g = t.dy[n * C + c] * t.gain[c];
      const dx = t.rstd[n] * (g - sum / C - normed(c) * product / C);
      t.dx[n * C + c] = accumulate ? t.dx[n * C + c] + dx : dx;
    }
  }
}
