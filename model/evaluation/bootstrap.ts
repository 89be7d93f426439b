import { uniformValues } from "../gpt/mod.ts";

/** A figure and how far chance may have moved it. */
export interface Interval {
  /** Its lower end. */
  low: number;
  /** Its upper end. */
  high: number;
}

/** Options of {@linkcode bootstrapInterval}. */
export interface BootstrapOptions {
  /** Draws of as many examples as there are, each put back. @default 1000 */
  resamples?: number;
  /** @default 1 */
  /** Picks the draws. */
  seed?: number;
  /** Share of the draws that lie within. @default 0.95 */
  level?: number;
}

/**
 * The interval in which a figure of examples lies when they are drawn anew: the percentile bootstrap.
 * The figure is one of sums over examples, as are accuracy, F1, BLEU and perplexity.
 *
 * Source: Efron 1979, "Bootstrap Methods: Another Look at the Jackknife"; Koehn 2004 for BLEU.
 *
 * @param rows what each example adds to each sum; all of one length
 * @param score the figure of the sums
 * @throws {RangeError} where there are no examples or an option is out of range
 * @example
 * ```ts
 * import { bootstrapInterval } from "@quern/quern";
 * const right = Array.from({ length: 100 }, (_, i) => [i % 10 === 0 ? 0 : 1, 1]);
 * const { low, high } = bootstrapInterval(right, ([right, all]) => right / all);
 * console.log(low, high); // around 0.9
 * ```
 */
export function bootstrapInterval(
  rows: readonly ArrayLike<number>[],
  score: (sums: Float64Array) => number,
  options: BootstrapOptions = {},
): Interval {
  const width = rows[0]?.length ?? 0;
  const sums = new Float64Array(width);
  return bootstrapDraws(rows.length, (draw) => {
    sums.fill(0);
    for (const index of draw) {
      const row = rows[index];
      for (let j = 0; j < width; j++) sums[j] += row[j];
    }
    return score(sums);
  }, options);
}

/**
 * The same for a figure of any kind.
 *
 * @param score the figure of the examples whose indices are drawn, some several times
 * @throws {RangeError} where there are no examples or an option is out of range
 */
export function bootstrapDraws(
  examples: number,
  score: (draw: Uint32Array) => number,
  options: BootstrapOptions = {},
): Interval {
  const { resamples = 1000, seed = 1, level = 0.95 } = options;
  if (examples === 0 || !(resamples >= 1) || !(level > 0 && level < 1)) {
    throw new RangeError(
      "Cannot draw anew: wanted examples, resamples of at least 1 and a level between 0 and 1, " +
        `got ${examples} examples, ${resamples} and ${level}`,
    );
  }
  const uniform = uniformValues(seed);
  const draw = new Uint32Array(examples);
  const scores = Float64Array.from({ length: resamples }, () => {
    for (let i = 0; i < examples; i++) draw[i] = Math.floor(uniform() * examples);
    return score(draw);
  }).sort();
  return { low: quantile(scores, (1 - level) / 2), high: quantile(scores, (1 + level) / 2) };
}

/** Sums over all rows. */
export function sumRows(rows: readonly ArrayLike<number>[]): Float64Array {
  const sums = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) for (let j = 0; j < sums.length; j++) sums[j] += row[j];
  return sums;
}

/** Between the nearest two values by their distance, as numpy's `quantile`. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
