/** Sizes of attention: batch, queries, keys, channels, heads; and what dropout multiplies by. */
export interface AttentionSizes {
  B: number;
  Tq: number;
  Tk: number;
  C: number;
  heads: number;
  /** @default true */
  causal?: boolean;
  /** Factor of element ((b·NH + h)·Tq + query)·Tk + key: 0 or 1 / (1 − rate). @default 1 each */
  keep?: (element: number) => number;
}

/** qkv [B, T, 3C], or q [B, Tq, C] and kv [B, Tk, 2C]; starts [B, T] or lengths [B]. */
export interface AttentionArrays {
  qkv?: Float64Array;
  q?: Float64Array;
  kv?: Float64Array;
  y: Float64Array;
  lse: Float64Array;
  starts?: Uint32Array;
  lengths?: Uint32Array;
}

/**
 * y = (keep ⊙ softmax(q·kᵀ/√HS))·v over the keys that each query sees, lse = log Σ exp of its scores;
 * 0 and −3e38 where it sees none.
 */
export function attentionForward(t: AttentionArrays, sizes: AttentionSizes): void {
  const { y, lse } = t;
  const { Tq, Tk, C, heads, keep = () => 1 } = sizes;
  const { queries, keys, values } = layoutOf(t, C);
  const HS = C / heads;
  y.fill(0);
  eachQuery(t, sizes, ({ b, h, i, begin, end }) => {
    const head = b * heads + h;
    const q = queries.at(b * Tq + i) + h * HS;
    const scores = new Float64Array(end);
    for (let j = begin; j < end; j++) {
      const k = keys.at(b * Tk + j) + h * HS;
      for (let c = 0; c < HS; c++) {
        scores[j] += queries.data[q + c] * keys.data[k + c] / Math.sqrt(HS);
      }
    }
    const seen = scores.subarray(begin);
    const max = seen.reduce((a, s) => Math.max(a, s), -3e38);
    const sum = seen.reduce((a, s) => a + Math.exp(s - max), 0);
    lse[head * Tq + i] = max + Math.log(Math.max(sum, 1));
    for (let j = begin; j < end; j++) {
      const p = Math.exp(scores[j] - max) / sum * keep((head * Tq + i) * Tk + j);
      const v = values.at(b * Tk + j) + h * HS;
      for (let c = 0; c < HS; c++) y[(b * Tq + i) * C + h * HS + c] += p * values.data[v + c];
    }
  });
}

/**
 * delta = rowsum(dy ⊙ y); ds = p ⊙ (keep ⊙ dy·vᵀ − delta); dq = ds·k/√HS, dk = dsᵀ·q/√HS,
 * dv = (keep ⊙ p)ᵀ·dy.
 */
export function attentionBackward(
  t: AttentionArrays & {
    dy: Float64Array;
    dqkv?: Float64Array;
    dq?: Float64Array;
    dkv?: Float64Array;
    delta: Float64Array;
  },
  sizes: AttentionSizes,
): void {
  const { y, lse, dy, delta } = t;
  const { Tq, Tk, C, heads, keep = () => 1 } = sizes;
  const { queries, keys, values } = layoutOf(t, C);
  const into = layoutOf({ qkv: t.dqkv, q: t.dq, kv: t.dkv }, C);
  const HS = C / heads;
  const scale = 1 / Math.sqrt(HS);
  for (const gradient of [into.queries, into.keys, delta]) {
    (gradient instanceof Float64Array ? gradient : gradient.data).fill(0);
  }
  eachQuery(t, sizes, ({ b, h, i, begin, end }) => {
    const row = (b * heads + h) * Tq + i;
    const q = queries.at(b * Tq + i) + h * HS;
    const o = (b * Tq + i) * C + h * HS;
    for (let c = 0; c < HS; c++) delta[row] += dy[o + c] * y[o + c];
    for (let j = begin; j < end; j++) {
      const [k, v] = [keys.at(b * Tk + j) + h * HS, values.at(b * Tk + j) + h * HS];
      const kept = keep(row * Tk + j);
      let score = 0, dp = 0;
      for (let c = 0; c < HS; c++) {
        score += queries.data[q + c] * keys.data[k + c] * scale;
        dp += kept * dy[o + c] * values.data[v + c];
      }
      const p = Math.exp(score - lse[row]);
      const ds = p * (dp - delta[row]);
      for (let c = 0; c < HS; c++) {
        into.queries.data[q + c] += ds * keys.data[k + c] * scale;
        into.keys.data[k + c] += ds * queries.data[q + c] * scale;
        into.values.data[v + c] += kept * p * dy[o + c];
      }
    }
  });
}

/** Where queries, keys and values of a row begin. */
function layoutOf(
  { qkv, q, kv }: { qkv?: Float64Array; q?: Float64Array; kv?: Float64Array },
  C: number,
) {
  const columns = (data: Float64Array, width: number, column: number) => ({
    data,
    at: (row: number) => row * width + column,
  });
  return {
    queries: qkv ? columns(qkv, 3 * C, 0) : columns(q!, C, 0),
    keys: qkv ? columns(qkv, 3 * C, C) : columns(kv!, 2 * C, 0),
    values: qkv ? columns(qkv, 3 * C, 2 * C) : columns(kv!, 2 * C, C),
  };
}

/** Each query of each head with the keys that it sees, from `begin` to before `end`. */
function eachQuery(
  { starts, lengths }: { starts?: Uint32Array; lengths?: Uint32Array },
  { B, Tq, Tk, heads, causal = true }: AttentionSizes,
  visit: (query: { b: number; h: number; i: number; begin: number; end: number }) => void,
): void {
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < Tq; i++) {
        const begin = starts?.[b * Tq + i] ?? 0;
        visit({ b, h, i, begin, end: causal ? i + 1 : lengths?.[b] ?? Tk });
      }
    }
  }
}
