/** Steps after which a mixture repeats, at most. */
const LONGEST_PERIOD = 1 << 18;
/** Steps times sources of a period, at most: what finding it may cost. */
const MOST_WORK = 1 << 21;

/** A stretch of the sequence in which the same sources are drawn from. */
interface Phase {
  /** Its first place, and the place after its last. */
  start: number;
  end: number;
  /** Draws of each source before it. */
  before: number[];
  /** The source of each step of a period. */
  pattern: Uint16Array;
  /** Draws of each source in a period. */
  whole: number[];
}

/**
 * Draws from n sources so that each has its share at every prefix, to within 1 - 1/(2n - 2) draws:
 * of the sources whose deficit has reached 1/(2n - 2) each step goes to the one whose next draw can
 * wait the least, the first of equals (Tijdeman, "The chairman assignment problem", 1980; by the
 * largest deficit alone some are more than a draw behind from five sources on). A source that has
 * given all it may is left out from there on, and the others share what was its part.
 *
 * Any place in the sequence is found at once: it repeats where the weights are small whole numbers
 * in proportion, such as 0.7 and 0.3. Others are exact for the first 2²¹/n steps (2¹⁸ at most), and
 * are then taken to the nearest parts of so many.
 */
export class Mixture {
  #phases: Phase[] = [];

  /**
   * @param weights of the sources, above 0; their sum is of no matter
   * @param limits draws of each source at most; Infinity for no end
   */
  constructor(weights: readonly number[], limits: readonly number[]) {
    let before = weights.map(() => 0);
    let start = 0;
    while (start < Infinity) {
      const active = weights.flatMap((_, k) => before[k] < limits[k] ? [k] : []);
      if (active.length === 0) break;
      for (const { pattern, repeats } of patternsOf(active.map((k) => weights[k]))) {
        const sources = pattern.map((i) => active[i]);
        const whole = countsOf(sources, weights.length);
        const ends = active.map((k) =>
          stepsUntil(limits[k] - before[k], k, sources, whole, repeats)
        );
        const end = start + Math.min(...ends, repeats ? Infinity : pattern.length);
        const phase = { start, end, before, pattern: sources, whole };
        this.#phases.push(phase);
        start = end;
        if (end === Infinity) break;
        before = this.#count(phase, end);
        if (active.some((k) => before[k] === limits[k])) break;
      }
    }
  }

  /** Number of draws in all; Infinity where a source has no end. */
  get length(): number {
    return this.#phases.at(-1)?.end ?? 0;
  }

  /** Draws of each source in the first `place` steps. */
  counts(place: number): number[] {
    const phase = this.#phases.findLast(({ start }) => start <= place)!;
    return this.#count(phase, Math.min(place, phase.end));
  }

  /** The source of a step. */
  source(place: number): number {
    const { start, pattern } = this.#phases.findLast(({ start }) => start <= place)!;
    return pattern[(place - start) % pattern.length];
  }

  #count({ start, before, pattern, whole }: Phase, place: number): number[] {
    const rest = (place - start) % pattern.length;
    const periods = (place - start - rest) / pattern.length;
    const part = countsOf(pattern.subarray(0, rest), before.length);
    return before.map((n, k) => n + periods * whole[k] + part[k]);
  }
}

/**
 * Weights of sources by temperature: proportional to rows^(1/temperature), so 1 takes every source
 * as often as it has rows, and a higher one the small ones more often (Devlin et al., multilingual
 * BERT, 2018).
 *
 * @throws {RangeError} where the temperature is not above 0
 */
export function temperatureWeights(rows: readonly number[], temperature: number): number[] {
  if (!(temperature > 0)) {
    throw new RangeError(`Cannot mix: temperature must be above 0, got ${temperature}`);
  }
  const most = Math.max(...rows);
  return rows.map((count) => (count / most) ** (1 / temperature));
}

/** Indices of weights by step; one that does not repeat is followed by one that does. */
function patternsOf(weights: readonly number[]): { pattern: Uint16Array; repeats: boolean }[] {
  const shares = weights.map((weight) => weight / sumOf(weights));
  const longest = Math.min(LONGEST_PERIOD, Math.floor(MOST_WORK / weights.length));
  for (let period = weights.length; period <= longest; period++) {
    const isWhole = (share: number) =>
      Math.abs(share * period - Math.round(share * period)) < 1e-9 * period && share * period > 0.5;
    if (!shares.every(isWhole)) continue;
    const parts = shares.map((share) => Math.round(share * period));
    return [{ pattern: drawSteps(parts, period), repeats: true }];
  }
  const parts = shares.map((share) => Math.max(1, Math.round(share * longest)));
  return [
    { pattern: drawSteps(weights, longest), repeats: false },
    { pattern: drawSteps(parts, sumOf(parts)), repeats: true },
  ];
}

/** The first steps of the sequence of some weights. */
function drawSteps(weights: readonly number[], steps: number): Uint16Array {
  const n = weights.length;
  const pattern = new Uint16Array(steps);
  if (n === 1) return pattern;
  const sum = sumOf(weights);
  const unit = 2 * n - 2;
  // The step by which a source has earned this many draws and units of a draw.
  const stepOf = (i: number, draws: number, units: number) =>
    Math.ceil(sum * (draws * unit + units) / (weights[i] * unit));
  const drawn = new Float64Array(n);
  const first = Float64Array.from(weights, (_, i) => stepOf(i, 0, 1));
  const last = Float64Array.from(weights, (_, i) => stepOf(i, 0, unit - 1));
  for (let step = 1; step <= steps; step++) {
    let next = -1;
    for (let i = 0; i < n; i++) {
      if (first[i] <= step && (next < 0 || last[i] < last[next])) next = i;
    }
    pattern[step - 1] = next;
    drawn[next]++;
    first[next] = stepOf(next, drawn[next], 1);
    last[next] = stepOf(next, drawn[next], unit - 1);
  }
  return pattern;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number);
}

function countsOf(pattern: Uint16Array, sources: number): number[] {
  const counts = new Array(sources).fill(0);
  for (const source of pattern) counts[source]++;
  return counts;
}

/** Steps of a pattern until a source was drawn so often; Infinity where it never is. */
function stepsUntil(
  draws: number,
  source: number,
  pattern: Uint16Array,
  counts: number[],
  repeats: boolean,
): number {
  if (draws === Infinity || (!repeats && counts[source] < draws)) return Infinity;
  const periods = Math.ceil(draws / counts[source]) - 1;
  let left = draws - periods * counts[source];
  let step = 0;
  while (left > 0) if (pattern[step++] === source) left--;
  return periods * pattern.length + step;
}
