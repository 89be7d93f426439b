/** x[b][t] = wte[tokens[b][t]] + wpe[t]. */
export function embeddingForward(
  t: { tokens: Uint32Array; wte: Float64Array; wpe: Float64Array; x: Float64Array },
  { T, C }: { T: number; C: number },
): void {
  t.tokens.forEach((token, n) => {
    for (let c = 0; c < C; c++) t.x[n * C + c] = t.wte[token * C + c] + t.wpe[n % T * C + c];
  });
}

/** dwte[tokens[b][t]] += dx[b][t]; dwpe[t] += dx[b][t]. */
export function embeddingBackward(
  t: { tokens: Uint32Array; dx: Float64Array; dwte?: Float64Array; dwpe?: Float64Array },
  { T, C }: { T: number; C: number },
): void {
  t.tokens.forEach((token, n) => {
    for (let c = 0; c < C; c++) {
      if (t.dwte) t.dwte[token * C + c] += t.dx[n * C + c];
      if (t.dwpe) t.dwpe[n % T * C + c] += t.dx[n * C + c];
    }
  });
}

/** x[i] = wte[token] + wpe[position], the token being last[slot] where that of the row is 2³² − 1. */
export function embeddingRowsForward(
  t: {
    rows: Uint32Array;
    last: Uint32Array;
    wte: Float64Array;
    wpe: Float64Array;
    x: Float64Array;
  },
  { M, C }: { M: number; C: number },
): void {
  for (let i = 0; i < M; i++) {
    const [slot, position, given] = t.rows.subarray(4 * i);
    const token = given === 0xffffffff ? t.last[slot] : given;
    for (let c = 0; c < C; c++) t.x[i * C + c] = t.wte[token * C + c] + t.wpe[position * C + c];
  }
}
