import { bootstrapInterval, type BootstrapOptions, type Interval, sumRows } from "./bootstrap.ts";
import { assertPaired } from "./classification.ts";
import { splitSpace } from "./white_space.ts";

/** Longest run of characters that is compared. */
const ORDER = 6;

/** Options of {@linkcode scoreChrf}. */
export interface ChrfOptions extends BootstrapOptions {
  /** How many times more than precision recall counts. @default 2 */
  beta?: number;
}

/** How like their references translations are, by characters. */
export interface ChrfScore {
  /** From 0 to 100. */
  score: number;
  /** How it was counted, in sacreBLEU's form. */
  signature: string;
  /** 95% interval, of segments drawn anew. */
  interval: Interval;
}

/**
 * chrF of a corpus as sacreBLEU counts it: runs of 1 to 6 characters without white space, the mean of
 * precisions and of recalls over the orders that both sides have; of several references the best.
 *
 * Source: Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation".
 *
 * @param references one or several of each segment
 * @throws {RangeError} where there are no segments, not as many on both sides, or one without a
 * reference
 */
export function scoreChrf(
  references: readonly (readonly string[])[],
  predictions: readonly string[],
  options: ChrfOptions = {},
): ChrfScore {
  const { beta = 2 } = options;
  assertPaired("translations", references, predictions);
  const rows = references.map((each, i) => {
    const counted = each.map((reference) => segmentCounts(reference, predictions[i]));
    if (counted.length === 0) {
      throw new RangeError(`Cannot score segment ${i + 1}: it has no reference`);
    }
    return counted.reduce((best, one) => chrfOf(one, beta) > chrfOf(best, beta) ? one : best);
  });
  const numbers = new Set(references.map(({ length }) => length));
  const count = numbers.size === 1 ? references[0].length : "var";
  return {
    score: chrfOf(sumRows(rows), beta),
    signature: `nrefs:${count}|case:mixed|eff:yes|nc:6|nw:0|space:no|version:quern`,
    interval: bootstrapInterval(rows, (sums) => chrfOf(sums, beta), options),
  };
}

/** For each order: runs of the translation, runs of the reference, and those that stand in both. */
function segmentCounts(reference: string, prediction: string): Float64Array {
  const characters = (text: string) => [...splitSpace(text).join("")];
  const [wanted, found] = [characters(reference), characters(prediction)];
  const counts = new Float64Array(3 * ORDER);
  for (let n = 1; n <= ORDER; n++) {
    const there = countRuns(wanted, n);
    const at = 3 * (n - 1);
    counts[at + 1] = Math.max(0, wanted.length - n + 1);
    // Where the reference has no run of this order, the order does not count at all.
    counts[at] = counts[at + 1] === 0 ? 0 : Math.max(0, found.length - n + 1);
    for (const [run, count] of countRuns(found, n)) {
      counts[at + 2] += Math.min(count, there.get(run) ?? 0);
    }
  }
  return counts;
}

function countRuns(characters: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= characters.length; i++) {
    const run = characters.slice(i, i + n).join("");
    counts.set(run, (counts.get(run) ?? 0) + 1);
  }
  return counts;
}

function chrfOf(sums: Float64Array, beta: number): number {
  let [precision, recall, orders] = [0, 0, 0];
  for (let at = 0; at < sums.length; at += 3) {
    const [found, wanted, both] = sums.subarray(at, at + 3);
    if (found === 0 || wanted === 0) continue;
    precision += both / found;
    recall += both / wanted;
    orders++;
  }
  if (precision + recall === 0) return 0;
  precision /= orders;
  recall /= orders;
  return 100 * (1 + beta ** 2) * precision * recall / (beta ** 2 * precision + recall);
}
