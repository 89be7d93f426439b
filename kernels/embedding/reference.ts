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
  t: { tokens: Uint32Array; dx: Float64Array; dwte: Float64Array; dwpe: Float64Array },
  { T, C }: { T: number; C: number },
): void {
  t.tokens.forEach((token, n) => {
    for (let c = 0; c < C; c++) {
      t.dwte[token * C + c] += t.dx[n * C + c];
      t.dwpe[n % T * C + c] += t.dx[n * C + c];
    }
  });
}
