/** Sizes of an embedding, and its options. */
export interface EmbeddingSizes {
  T: number;
  C: number;
  /** @default 1 */
  scale?: number;
  /** @default 0 */
  offset?: number;
}

/** x[b][t] = scale·wte[tokens[b][t]] + wpe[offset + position]; the position is t where none is given. */
export function embeddingForward(
  t: {
    tokens: Uint32Array;
    positions?: Uint32Array;
    wte: Float64Array;
    wpe: Float64Array;
    x: Float64Array;
  },
  { T, C, scale = 1, offset = 0 }: EmbeddingSizes,
): void {
  t.tokens.forEach((token, n) => {
    const position = offset + (t.positions?.[n] ?? n % T);
    for (let c = 0; c < C; c++) {
      t.x[n * C + c] = scale * t.wte[token * C + c] + t.wpe[position * C + c];
    }
  });
}

/** dwte[tokens[b][t]] += scale·dx[b][t]; dwpe[offset + position] += dx[b][t]. */
export function embeddingBackward(
  t: {
    tokens: Uint32Array;
    positions?: Uint32Array;
    dx: Float64Array;
    dwte?: Float64Array;
    dwpe?: Float64Array;
  },
  { T, C, scale = 1, offset = 0 }: EmbeddingSizes,
): void {
  t.tokens.forEach((token, n) => {
    const position = offset + (t.positions?.[n] ?? n % T);
    for (let c = 0; c < C; c++) {
      if (t.dwte) t.dwte[token * C + c] += scale * t.dx[n * C + c];
      if (t.dwpe) t.dwpe[position * C + c] += t.dx[n * C + c];
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
