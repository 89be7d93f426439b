import { type BleuTokenizer, bleuWords } from "./bleu_tokenizers.ts";
import { bootstrapInterval, type BootstrapOptions, type Interval, sumRows } from "./bootstrap.ts";
import { assertPaired } from "./classification.ts";

/** Longest run of words that is compared. */
const ORDER = 4;

/** Options of {@linkcode scoreBleu}. */
export interface BleuOptions extends BootstrapOptions {
  /** How texts are cut into words. @default "13a" */
  tokenizer?: BleuTokenizer;
}

/** How like their references translations are. */
export interface BleuScore {
  /** From 0 to 100. */
  score: number;
  /** Share of runs of 1 to 4 words that stand in a reference, in percent. */
  precisions: number[];
  /** Brevity penalty. */
  brevityPenalty: number;
  /** Words of all translations. */
  length: number;
  /** Words of all references, of several the one nearest in length. */
  referenceLength: number;
  /** How it was counted, in sacreBLEU's form. */
  signature: string;
  /** 95% interval, of segments drawn anew. */
  interval: Interval;
}

/**
 * BLEU of a corpus as sacreBLEU counts it: mixed case, exponential smoothing, orders 1 to 4.
 *
 * Source: Papineni et al. 2002; Post 2018, "A Call for Clarity in Reporting BLEU Scores"; smoothing
 * by Chen and Cherry 2014, method 3.
 *
 * @param references one or several of each segment
 * @throws {RangeError} where there are no segments, not as many on both sides, or one without a
 * reference
 * @example
 * ```ts
 * import { describeBleu, scoreBleu } from "@quern/quern";
 * const bleu = scoreBleu([["你用跑的。"]], ["你跑。"], { tokenizer: "zh" });
 * console.log(describeBleu(bleu));
 * ```
 */
export function scoreBleu(
  references: readonly (readonly string[])[],
  predictions: readonly string[],
  options: BleuOptions = {},
): BleuScore {
  const { tokenizer = "13a" } = options;
  assertPaired("translations", references, predictions);
  const rows = references.map((each, i) => segmentCounts(each, predictions[i], tokenizer, i));
  const numbers = new Set(references.map(({ length }) => length));
  const count = numbers.size === 1 ? references[0].length : "var";
  return {
    ...bleuOf(sumRows(rows)),
    signature: `nrefs:${count}|case:mixed|eff:no|tok:${tokenizer}|smooth:exp|version:quern`,
    interval: bootstrapInterval(rows, (sums) => bleuOf(sums).score, options),
  };
}

/** One line on a score, as sacreBLEU prints it. */
export function describeBleu(bleu: BleuScore): string {
  const { score, precisions, brevityPenalty, length, referenceLength } = bleu;
  const ratio = referenceLength === 0 ? 0 : length / referenceLength;
  return `BLEU = ${score.toFixed(2)} ${precisions.map((each) => each.toFixed(1)).join("/")} ` +
    `(BP = ${brevityPenalty.toFixed(3)} ratio = ${ratio.toFixed(3)} hyp_len = ${length} ` +
    `ref_len = ${referenceLength})`;
}

/** Lengths of translation and reference, then right and all runs of each order. */
function segmentCounts(
  references: readonly string[],
  prediction: string,
  tokenizer: BleuTokenizer,
  index: number,
): Float64Array {
  if (references.length === 0) {
    throw new RangeError(`Cannot score segment ${index + 1}: it has no reference`);
  }
  const words = bleuWords(prediction, tokenizer);
  const lists = references.map((reference) => bleuWords(reference, tokenizer));
  const distance = (list: string[]) => Math.abs(list.length - words.length);
  const nearest = lists.reduce((best, list) =>
    distance(list) < distance(best) ||
      (distance(list) === distance(best) && list.length < best.length)
      ? list
      : best
  );
  const counts = new Float64Array(2 + 2 * ORDER);
  counts[0] = words.length;
  counts[1] = nearest.length;
  for (let n = 1; n <= ORDER; n++) {
    const found = countRuns(words, n);
    const most = lists.map((list) => countRuns(list, n));
    for (const [run, count] of found) {
      counts[1 + n] += Math.min(count, Math.max(...most.map((runs) => runs.get(run) ?? 0)));
    }
    counts[1 + ORDER + n] = Math.max(0, words.length - n + 1);
  }
  return counts;
}

/** How often each run of n words stands in a text. */
function countRuns(words: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= words.length; i++) {
    const run = words.slice(i, i + n).join(" ");
    counts.set(run, (counts.get(run) ?? 0) + 1);
  }
  return counts;
}

function bleuOf(sums: Float64Array): Omit<BleuScore, "signature" | "interval"> {
  const [length, referenceLength] = sums;
  const brevityPenalty = length >= referenceLength
    ? 1
    : length === 0
    ? 0
    : Math.exp(1 - referenceLength / length);
  const precisions = new Array<number>(ORDER).fill(0);
  const right = sums.subarray(2, 2 + ORDER);
  const all = sums.subarray(2 + ORDER);
  let smoothing = 1;
  for (let n = 0; n < ORDER && right.some((count) => count > 0) && all[n] > 0; n++) {
    if (right[n] === 0) smoothing *= 2;
    precisions[n] = 100 * (right[n] === 0 ? 1 / smoothing : right[n]) / all[n];
  }
  const logs = precisions.reduce((sum, precision) => sum + Math.log(precision), 0);
  const score = brevityPenalty * Math.exp(logs / ORDER);
  return { score, precisions, brevityPenalty, length, referenceLength };
}
