/** How the next token is chosen. */
export interface SamplingOptions {
  /** Divides the logits; 0 always takes the likeliest token. @default 1 */
  temperature: number;
  /** Keeps the k likeliest tokens; 0 keeps all. @default 0 */
  topK: number;
  /** Keeps the likeliest tokens that together reach this probability. @default 1 */
  topP: number;
}

/**
 * Chooses a token.
 *
 * Source of top-k: Fan et al. 2018; of top-p: Holtzman et al. 2020, "The Curious Case of Neural Text
 * Degeneration".
 *
 * @param logits [V]
 * @param uniform a random number in [0, 1)
 * @throws {RangeError} if a logit is NaN or an option is out of its range
 */
export function sampleToken(
  logits: Float32Array,
  { temperature, topK, topP }: SamplingOptions,
  uniform: number,
): number {
  assertSampling({ temperature, topK, topP });
  const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
  if (logits.some(Number.isNaN)) {
    throw new RangeError("Cannot sample: the model's logits are NaN. Its weights may be damaged.");
  }
  if (temperature === 0) return order[0];
  const kept = topK > 0 ? order.slice(0, topK) : order;
  const weights = kept.map((id) => Math.exp((logits[id] - logits[kept[0]]) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let end = 0;
  for (let mass = 0; end < weights.length && mass < topP * total; end++) mass += weights[end];
  let left = uniform * weights.slice(0, end).reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < end; i++) if ((left -= weights[i]) < 0) return kept[i];
  return kept[end - 1];
}

/**
 * Checks sampling options.
 *
 * @throws {RangeError} naming the option, its value and what it must be
 */
export function assertSampling({ temperature, topK, topP }: SamplingOptions): void {
  const fail = (name: string, rule: string, value: number): never => {
    throw new RangeError(`Cannot sample: ${name} must be ${rule}, got ${value}`);
  };
  if (!(temperature >= 0 && temperature < Infinity)) fail("temperature", "at least 0", temperature);
  if (!Number.isInteger(topK) || topK < 0) fail("topK", "a whole number of at least 0", topK);
  if (!(topP > 0 && topP <= 1)) fail("topP", "above 0 and at most 1", topP);
}
