/** How well one class, or all of them, were found. */
export interface ClassScore {
  /** Of what was said to be of the class, the share that is; 0 where nothing was. */
  precision: number;
  /** Of what is of the class, the share that was found; 0 where nothing is. */
  recall: number;
  /** Harmonic mean of both; 0 where both are. */
  f1: number;
  /** Examples of the class in the references. */
  support: number;
}

/** Scores of a class from counts; a ratio of nothing is 0, as scikit-learn and seqeval have it. */
export function scoreOf(right: number, predicted: number, support: number): ClassScore {
  return {
    precision: predicted === 0 ? 0 : right / predicted,
    recall: support === 0 ? 0 : right / support,
    f1: predicted + support === 0 ? 0 : 2 * right / (predicted + support),
    support,
  };
}

/** Mean of each score over classes, each weighing the same; support is the sum. */
export function macroOf(scores: readonly ClassScore[]): ClassScore {
  const mean = (of: (score: ClassScore) => number) =>
    scores.length === 0 ? 0 : scores.reduce((sum, score) => sum + of(score), 0) / scores.length;
  return {
    precision: mean(({ precision }) => precision),
    recall: mean(({ recall }) => recall),
    f1: mean(({ f1 }) => f1),
    support: scores.reduce((sum, { support }) => sum + support, 0),
  };
}
