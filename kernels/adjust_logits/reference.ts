const float = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0];

/** y = the logits after penalties, bias and mask, as the settings of each row's slot say. */
export function adjustLogits(
  t: {
    logits: Float64Array;
    picks: Uint32Array;
    settings: Uint32Array;
    counts: Uint32Array;
    bias: Float64Array;
    masks: Uint32Array;
    y: Float64Array;
  },
  { R, V }: { R: number; V: number },
): void {
  for (let r = 0; r < R; r++) {
    const slot = t.picks[4 * r + 1];
    const own = t.settings.subarray(12 * slot, 12 * slot + 12);
    const [penalties, bias, mask] = [1, 2, 4].map((bit) => (own[6] & bit) !== 0);
    const [presence, frequency, repetition] = [8, 9, 10].map((i) => float(own[i]));
    for (let v = 0; v < V; v++) {
      let x = t.logits[r * V + v];
      if (penalties) {
        const count = t.counts[slot * V + v];
        const answered = count % 2 ** 31;
        if (count > 0) x = x > 0 ? x / repetition : x * repetition;
        x -= frequency * answered + (answered > 0 ? presence : 0);
      }
      if (bias) x += t.bias[slot * V + v];
      const word = t.masks[slot * Math.ceil(V / 32) + (v >> 5)];
      t.y[r * V + v] = mask && (word >>> (v & 31) & 1) === 0 ? -3.4028234e38 : x;
    }
  }
}
