/** Sizes of {@linkcode linearForward}: x has rows of K, y of N. */
export interface LinearSizes {
  layout: "NN" | "NT";
  /** Rows that are computed; others of y stay as they are. */
  rows: number;
  K: number;
  N: number;
  gelu?: boolean;
}

/** y[i][j] = act(Σ_k x[i][k]·w(k, j) + bias[j] + delta[i][j]) + add[i][j]; with a gain of x after layer norm. */
export function linearForward(
  t: {
    x: Float64Array;
    gain?: Float64Array;
    offset?: Float64Array;
    w: Float64Array;
    bias?: Float64Array;
    delta?: Float64Array;
    add?: Float64Array;
    y: Float64Array;
  },
  { layout, rows, K, N, gelu }: LinearSizes,
): void {
  const x = t.gain ? normed({ ...t, gain: t.gain }, rows, K) : t.x;
  const scale = Math.sqrt(2 / Math.PI);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < N; j++) {
      let sum = (t.bias?.[j] ?? 0) + (t.delta?.[i * N + j] ?? 0);
      for (let k = 0; k < K; k++) {
        sum += x[i * K + k] * t.w[layout === "NN" ? k * N + j : j * K + k];
      }
      if (gelu) sum = 0.5 * sum * (1 + Math.tanh(scale * (sum + 0.044715 * sum ** 3)));
      t.y[i * N + j] = sum + (t.add?.[i * N + j] ?? 0);
    }
  }
}

/** (x − mean)·gain/√(variance + 1e-5) + offset of rows of C. */
function normed(
  t: { x: Float64Array; gain: Float64Array; offset?: Float64Array },
  rows: number,
  C: number,
): Float64Array {
  return t.x.slice(0, rows * C).map((value, i) => {
    const row = t.x.subarray(i - i % C, i - i % C + C);
    const mean = row.reduce((sum, x) => sum + x) / C;
    const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / C;
    return (value - mean) / Math.sqrt(variance + 1e-5) * t.gain[i % C] + (t.offset?.[i % C] ?? 0);
  });
}

/** q[i], keys[cell], values[cell] = the thirds of x[i]·w + bias, with cell = rows[i][3]. */
export function qkvForward(
  t: {
    x: Float64Array;
    gain?: Float64Array;
    offset?: Float64Array;
    w: Float64Array;
    bias?: Float64Array;
    delta?: Float64Array;
    q: Float64Array;
    keys: Float64Array;
    values: Float64Array;
    rows: Uint32Array;
  },
  { M, C }: { M: number; C: number },
): void {
  const y = new Float64Array(M * 3 * C);
  linearForward({ ...t, y }, { layout: "NN", rows: M, K: C, N: 3 * C });
  for (let i = 0; i < M; i++) {
    const cell = t.rows[4 * i + 3];
    for (let c = 0; c < C; c++) {
      t.q[i * C + c] = y[i * 3 * C + c];
      t.keys[cell * C + c] = y[i * 3 * C + C + c];
      t.values[cell * C + c] = y[i * 3 * C + 2 * C + c];
    }
  }
}
