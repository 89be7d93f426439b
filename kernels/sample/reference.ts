/** How a token is chosen. */
export interface SampleSettings {
  temperature: number;
  topK: number;
  topP: number;
  minP: number;
  seed: [number, number];
}

const float = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0];

/** The settings of a slot as {@linkcode sampleTokens} finds them. */
export function settingsOf(words: Uint32Array): SampleSettings {
  const [temperature, topK, topP, minP, low, high] = words;
  return {
    temperature: float(temperature),
    topK,
    topP: float(topP),
    minP: float(minP),
    seed: [low, high],
  };
}

/** The probabilities of tokens after temperature, top-k, top-p and min-p; 0 for those not kept. */
export function keptProbabilities(logits: ArrayLike<number>, s: SampleSettings): Float64Array {
  const order = Array.from(logits, (_, i) => i)
    .filter((i) => logits[i] > -3.4028234e38)
    .sort((a, b) => logits[b] - logits[a] || a - b);
  const result = new Float64Array(logits.length);
  if (s.temperature === 0) {
    if (order.length > 0) result[order[0]] = 1;
    return result;
  }
  const top = logits[order[0]];
  const weight = (i: number) => Math.exp((logits[i] - top) / s.temperature);
  let kept = order;
  if (s.topK > 0 && s.topK < kept.length) {
    const least = logits[kept[s.topK - 1]];
    kept = kept.filter((i) => logits[i] >= least);
  }
  if (s.topP < 1) {
    const wanted = s.topP * kept.reduce((sum, i) => sum + weight(i), 0);
    let [mass, count] = [0, 0];
    while (count === 0 || mass < wanted) mass += weight(kept[count++]);
    const least = logits[kept[count - 1]];
    kept = kept.filter((i) => logits[i] >= least);
  }
  kept = kept.filter((i) => weight(i) >= s.minP);
  const total = kept.reduce((sum, i) => sum + weight(i), 0);
  for (const i of kept) result[i] = weight(i) / total;
  return result;
}

/**
 * chosen[r] = argmax over kept tokens of log p + Gumbel noise; last and counts follow.
 *
 * @param sizes.random Threefry-2×32: two random words of a key, the seed, and a counter, position and token
 */
export function sampleTokens(
  t: {
    logits: Float64Array;
    picks: Uint32Array;
    settings: Uint32Array;
    last: Uint32Array;
    counts: Uint32Array;
    chosen: Uint32Array;
  },
  { R, V, random }: {
    R: number;
    V: number;
    random: (key: [number, number], counter: [number, number]) => [number, number];
  },
): void {
  for (let r = 0; r < R; r++) {
    const [, slot, position] = t.picks.subarray(4 * r);
    const settings = settingsOf(t.settings.subarray(12 * slot, 12 * slot + 12));
    const logits = t.logits.subarray(r * V, (r + 1) * V);
    const probabilities = keptProbabilities(logits, settings);
    let [best, most] = [0xfffffffe, -Infinity];
    probabilities.forEach((p, token) => {
      if (p === 0) return;
      const [word] = random(settings.seed, [position, token]);
      const noise = settings.temperature === 0
        ? 0
        : -Math.log(-Math.log1p(-(word + 0.5) / 2 ** 32));
      if (Math.log(p) + noise > most) [best, most] = [token, Math.log(p) + noise];
    });
    if (logits.some((x) => Number.isNaN(x) || x === Infinity)) best = 0xffffffff;
    t.chosen[r] = best;
    t.last[slot] = best;
    if (best < V) t.counts[slot * V + best]++;
  }
}
