/** y[i] = x[i]·A[s]ᵀ·B[s]ᵀ with s = adapters[slot of row i], 0 where s is S; or adds that to y. */
export function adapterRowsForward(
  t: {
    x: Float64Array;
    rows: Uint32Array;
    adapters: Uint32Array;
    a: Float64Array;
    b: Float64Array;
    y: Float64Array;
  },
  { M, K, N, R, S, accumulate = false }: {
    M: number;
    K: number;
    N: number;
    R: number;
    S: number;
    accumulate?: boolean;
  },
): void {
  for (let i = 0; i < M; i++) {
    const s = t.adapters[t.rows[4 * i]];
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let r = 0; s < S && r < R; r++) {
        let low = 0;
        for (let k = 0; k < K; k++) low += t.x[i * K + k] * t.a[(s * R + r) * K + k];
        sum += low * t.b[(s * N + n) * R + r];
      }
      t.y[i * N + n] = (accumulate ? t.y[i * N + n] : 0) + sum;
    }
  }
}
