/** Sizes of attention: batch, time, channels, heads; and what dropout multiplies by. */
export interface AttentionSizes {
  B: number;
  T: number;
  C: number;
  heads: number;
  /** Factor of element ((b·NH + h)·T + query)·T + key: 0 or 1 / (1 − rate). @default 1 each */
  keep?: (element: number) => number;
}

/** y = (keep ⊙ softmax(q·kᵀ/√HS))·v over keys up to each query; lse = log Σ exp of its scores. */
export function attentionForward(
  t: { qkv: Float64Array; y: Float64Array; lse: Float64Array },
  { B, T, C, heads, keep = () => 1 }: AttentionSizes,
): void {
  const { qkv, y, lse } = t;
  const HS = C / heads;
  y.fill(0);
  for (let head = 0; head < B * heads; head++) {
    const b = Math.floor(head / heads);
    const h = head % heads;
    for (let i = 0; i < T; i++) {
      const q = (b * T + i) * 3 * C + h * HS;
      const scores = new Float64Array(i + 1);
      for (let j = 0; j <= i; j++) {
        const k = (b * T + j) * 3 * C + C + h * HS;
        for (let c = 0; c < HS; c++) scores[j] += qkv[q + c] * qkv[k + c] / Math.sqrt(HS);
      }
      const max = scores.reduce((a, s) => Math.max(a, s), -Infinity);
      const sum = scores.reduce((a, s) => a + Math.exp(s - max), 0);
      lse[head * T + i] = max + Math.log(sum);
      for (let j = 0; j <= i; j++) {
        const p = Math.exp(scores[j] - max) / sum * keep((head * T + i) * T + j);
        const v = (b * T + j) * 3 * C + 2 * C + h * HS;
        for (let c = 0; c < HS; c++) y[(b * T + i) * C + h * HS + c] += p * qkv[v + c];
      }
    }
  }
}

/**
 * delta = rowsum(dy ⊙ y); ds = p ⊙ (keep ⊙ dy·vᵀ − delta); dq = ds·k/√HS, dk = dsᵀ·q/√HS,
 * dv = (keep ⊙ p)ᵀ·dy.
 */
export function attentionBackward(
  t: {
    qkv: Float64Array;
    y: Float64Array;
    lse: Float64Array;
    dy: Float64Array;
    dqkv: Float64Array;
    delta: Float64Array;
  },
  { B, T, C, heads, keep = () => 1 }: AttentionSizes,
): void {
  const { qkv, y, lse, dy, dqkv, delta } = t;
  const HS = C / heads;
  const scale = 1 / Math.sqrt(HS);
  dqkv.fill(0);
  delta.fill(0);
  for (let head = 0; head < B * heads; head++) {
    const b = Math.floor(head / heads);
    const h = head % heads;
    for (let i = 0; i < T; i++) {
      const q = (b * T + i) * 3 * C + h * HS;
      const o = (b * T + i) * C + h * HS;
      for (let c = 0; c < HS; c++) delta[head * T + i] += dy[o + c] * y[o + c];
      for (let j = 0; j <= i; j++) {
        const k = (b * T + j) * 3 * C + C + h * HS;
        const v = k + C;
        const kept = keep((head * T + i) * T + j);
        let score = 0, dp = 0;
        for (let c = 0; c < HS; c++) {
          score += qkv[q + c] * qkv[k + c] * scale;
          dp += kept * dy[o + c] * qkv[v + c];
        }
        const p = Math.exp(score - lse[head * T + i]);
        const ds = p * (dp - delta[head * T + i]);
        for (let c = 0; c < HS; c++) {
          dqkv[q + c] += ds * qkv[k + c] * scale;
          dqkv[k + c] += ds * qkv[q + c] * scale;
          dqkv[v + c] += kept * p * dy[o + c];
        }
      }
    }
  }
}
