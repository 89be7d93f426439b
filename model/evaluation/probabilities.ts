/**
 * Probabilities of the classes of a text or token: the softmax of its logits, or, where it may be of
 * several, the logistic function of each.
 *
 * @param logits [K]
 * @returns [K]
 * @example
 * ```ts
 * import { classProbabilities } from "@quern/quern";
 * console.log(classProbabilities([0, Math.log(3)])); // [0.25, 0.75]
 * ```
 */
export function classProbabilities(
  logits: ArrayLike<number>,
  { multiLabel = false }: { multiLabel?: boolean } = {},
): number[] {
  const values = Array.from(logits);
  if (multiLabel) return values.map((x) => 1 / (1 + Math.exp(-x)));
  const top = Math.max(...values);
  const powers = values.map((x) => Math.exp(x - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
