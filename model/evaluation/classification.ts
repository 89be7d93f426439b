import {
  bootstrapDraws,
  bootstrapInterval,
  type BootstrapOptions,
  type Interval,
} from "./bootstrap.ts";
import { type ClassScore, macroOf, scoreOf } from "./f1.ts";

/** How well texts were told apart. */
export interface ClassificationScores {
  /** Share of texts whose class was told. */
  accuracy: number;
  /** Means over the classes that stand in references or predictions, as scikit-learn's. */
  macro: ClassScore;
  /** Each class that stands in references or predictions, in order of name. */
  classes: ({ label: string } & ClassScore)[];
  /** Texts of class `classes[i]` that were said to be of class `classes[j]`, at [i][j]. */
  confusion: number[][];
  /** Number of texts. */
  examples: number;
  /** 95% intervals. */
  intervals: { accuracy: Interval; macroF1: Interval };
}

/**
 * Accuracy, precision, recall and F1 of each class, and who was taken for whom.
 *
 * @throws {RangeError} where there are no texts, or not as many predictions as references
 * @example
 * ```ts
 * import { scoreClassification } from "@quern/quern";
 * const { accuracy, classes } = scoreClassification(["ham", "spam", "ham"], ["ham", "spam", "spam"]);
 * console.log(accuracy, classes[1].f1); // 2/3 both
 * ```
 */
export function scoreClassification(
  references: readonly string[],
  predictions: readonly string[],
  options: BootstrapOptions = {},
): ClassificationScores {
  assertPaired("texts", references, predictions);
  const labels = [...new Set([...references, ...predictions])].sort();
  const idOf = new Map(labels.map((label, id) => [label, id]));
  const K = labels.length;
  const confusion = labels.map(() => new Array<number>(K).fill(0));
  const pairs = references.map((reference, i) => {
    const pair = { wanted: idOf.get(reference)!, found: idOf.get(predictions[i])! };
    confusion[pair.wanted][pair.found]++;
    return pair;
  });
  const scores = labels.map((_, k) =>
    scoreOf(confusion[k][k], confusion.reduce((sum, row) => sum + row[k], 0), sumOf(confusion[k]))
  );
  const right = pairs.map(({ wanted, found }) => wanted === found ? 1 : 0);
  /** Macro F1 of the texts drawn: counts of right, predicted and there for each class. */
  const macroF1 = (draw: Uint32Array) => {
    const counts = new Float64Array(3 * K);
    for (const index of draw) {
      const { wanted, found } = pairs[index];
      counts[3 * wanted] += right[index];
      counts[3 * found + 1]++;
      counts[3 * wanted + 2]++;
    }
    const drawn = labels.map((_, k) => scoreOf(...triple(counts, k)))
      .filter((_, k) => counts[3 * k + 1] + counts[3 * k + 2] > 0);
    return macroOf(drawn).f1;
  };
  return {
    accuracy: sumOf(right) / right.length,
    macro: macroOf(scores),
    classes: scores.map((score, k) => ({ label: labels[k], ...score })),
    confusion,
    examples: right.length,
    intervals: {
      accuracy: bootstrapInterval(
        right.map((one) => [one]),
        ([sum]) => sum / right.length,
        options,
      ),
      macroF1: bootstrapDraws(pairs.length, macroF1, options),
    },
  };
}

function triple(counts: Float64Array, k: number): [number, number, number] {
  return [counts[3 * k], counts[3 * k + 1], counts[3 * k + 2]];
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** How well texts of several labels each were told. */
export interface MultiLabelScores {
  /** Share of texts of which all labels were told and no others. */
  exactMatch: number;
  /** Over all labels of all texts. */
  micro: ClassScore;
  /** Means over the classes that stand in references or predictions. */
  macro: ClassScore;
  /** Each of those in order of name. */
  classes: ({ label: string } & ClassScore)[];
  /** Number of texts. */
  examples: number;
  /** 95% intervals. */
  intervals: { exactMatch: Interval; microF1: Interval };
}

/**
 * Exact matches, precision, recall and F1 of texts that may have several labels, or none.
 *
 * @throws {RangeError} where there are no texts, or not as many predictions as references
 */
export function scoreMultiLabel(
  references: readonly (readonly string[])[],
  predictions: readonly (readonly string[])[],
  options: BootstrapOptions = {},
): MultiLabelScores {
  assertPaired("texts", references, predictions);
  const labels = [...new Set([...references, ...predictions].flat())].sort();
  // Of each text: exact, right, predicted and there.
  const rows = references.map((reference, i) => {
    const [wanted, found] = [new Set(reference), new Set(predictions[i])];
    const right = wanted.intersection(found).size;
    return [
      right === wanted.size && right === found.size ? 1 : 0,
      right,
      found.size,
      wanted.size,
    ];
  });
  const micro = (sums: ArrayLike<number>) => scoreOf(sums[1], sums[2], sums[3]);
  const sums = rows.reduce((sum, row) => sum.map((value, j) => value + row[j]), [0, 0, 0, 0]);
  const classes = labels.map((label) => {
    const [wanted, found] = [references, predictions].map((lists) =>
      lists.map((list) => list.includes(label))
    );
    const count = (list: boolean[]) => list.filter(Boolean).length;
    return {
      label,
      ...scoreOf(count(wanted.map((is, i) => is && found[i])), count(found), count(wanted)),
    };
  });
  return {
    exactMatch: sums[0] / rows.length,
    micro: micro(sums),
    macro: macroOf(classes),
    classes,
    examples: rows.length,
    intervals: {
      exactMatch: bootstrapInterval(rows, (sums) => sums[0] / rows.length, options),
      microF1: bootstrapInterval(rows, (sums) => micro(sums).f1, options),
    },
  };
}

/** Throws unless there is one prediction for each reference, and one at least. */
export function assertPaired(
  what: string,
  references: readonly unknown[],
  predictions: readonly unknown[],
): void {
  if (references.length === predictions.length && references.length > 0) return;
  throw new RangeError(
    `Cannot score ${what}: wanted one prediction for each reference, got ${predictions.length} ` +
      `predictions and ${references.length} references`,
  );
}
