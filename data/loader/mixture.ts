/** Steps after which a mixture repeats, at most; shares are exact to half of its inverse. */
const LONGEST_PERIOD = 1 << 16;

/** A stretch of the sequence in which the same sources are drawn from. */
interface Phase {
  /** Its first place, and the place after its last. */
  start: number;
  end: number;
  /** Draws of each source before it. */
  before: number[];
  /** The source of each step of a period. */
  pattern: Uint16Array;
}

/**
 * Draws from sources so that each has its share at every prefix: each step goes to the source with
 * the largest deficit, the first of equals, so none is ever a whole draw above its share. Weights become whole numbers, so the sequence repeats
 * and any place in it is found at once. A source that has given all it may is left out from there
 * on, and the others share what was its part.
 */
export class Mixture {
  #phases: Phase[] = [];

  /**
   * @param weights of the sources, above 0; their sum is of no matter
   * @param limits draws of each source at most; Infinity for no end
   */
  constructor(weights: readonly number[], limits: readonly number[]) {
    const before = weights.map(() => 0);
    let start = 0;
    while (start < Infinity) {
      const active = weights.flatMap((_, k) => before[k] < limits[k] ? [k] : []);
      if (active.length === 0) break;
      const pattern = makePattern(weights, active);
      const counts = countsOf(pattern, weights.length);
      const ends = active.map((k) => start + stepsUntil(limits[k] - before[k], k, pattern, counts));
      const phase = { start, end: Math.min(...ends), before: [...before], pattern };
      this.#phases.push(phase);
      if (phase.end < Infinity) this.#count(phase, phase.end).forEach((n, k) => before[k] = n);
      start = phase.end;
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

  #count({ start, before, pattern }: Phase, place: number): number[] {
    const rest = (place - start) % pattern.length;
    const periods = (place - start - rest) / pattern.length;
    const whole = countsOf(pattern, before.length);
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

function makePattern(weights: readonly number[], active: readonly number[]): Uint16Array {
  const parts = wholeParts(active.map((k) => weights[k]));
  const period = parts.reduce((sum, part) => sum + part);
  const pattern = new Uint16Array(period);
  const deficits = parts.map(() => 0);
  for (let step = 0; step < period; step++) {
    let largest = 0;
    for (let i = 0; i < parts.length; i++) {
      deficits[i] += parts[i];
      if (deficits[i] > deficits[largest]) largest = i;
    }
    deficits[largest] -= period;
    pattern[step] = active[largest];
  }
  return pattern;
}

/** The least whole numbers in the proportion of the weights, or the nearest of a large sum. */
function wholeParts(weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight);
  for (let period = weights.length; period <= LONGEST_PERIOD; period++) {
    const exact = weights.map((weight) => weight / sum * period);
    const parts = exact.map(Math.round);
    if (exact.every((part, i) => Math.abs(part - parts[i]) < 1e-9 * period && parts[i] > 0)) {
      return parts;
    }
  }
  return weights.map((weight) => Math.max(1, Math.round(weight / sum * LONGEST_PERIOD)));
}

function countsOf(pattern: Uint16Array, sources: number): number[] {
  const counts = new Array(sources).fill(0);
  for (const source of pattern) counts[source]++;
  return counts;
}

/** Steps of a repeated pattern until a source was drawn so often. */
function stepsUntil(draws: number, source: number, pattern: Uint16Array, counts: number[]): number {
  if (draws === Infinity) return Infinity;
  const periods = Math.ceil(draws / counts[source]) - 1;
  let left = draws - periods * counts[source];
  let step = 0;
  while (left > 0) if (pattern[step++] === source) left--;
  return periods * pattern.length + step;
}
