import { bootstrapInterval, type BootstrapOptions, type Interval } from "./bootstrap.ts";

/** A way to go on, as a model finds it. */
export interface ScoredChoice {
  /** Summed log-probability of its tokens behind the context, in nats. */
  logLikelihood: number;
  /** Its length without the space before it, in characters (code points). */
  characters: number;
}

/** One question and what a model finds of its choices. */
export interface ScoredQuestion {
  /** In the order of the question. */
  choices: readonly ScoredChoice[];
  /** Index of the right choice. */
  answer: number;
}

/** How many questions were answered rightly. */
export interface MultipleChoiceScores {
  /** By the highest log-likelihood for a character: EleutherAI's `acc_norm`. */
  accuracyNormalized: number;
  /** By the highest log-likelihood: `acc`. */
  accuracy: number;
  /** Number of questions. */
  questions: number;
  /** 95% interval of the first. */
  interval: Interval;
}

/**
 * The choice that a model prefers: that with the highest log-likelihood for a character of its
 * length, the first of equals.
 *
 * @throws {RangeError} where there is no choice
 */
export function preferredChoice(
  choices: readonly ScoredChoice[],
  { normalized = true }: { normalized?: boolean } = {},
): number {
  if (choices.length === 0) throw new RangeError("Cannot choose: wanted some choices, got none");
  const score = ({ logLikelihood, characters }: ScoredChoice) =>
    normalized ? logLikelihood / Math.max(1, characters) : logLikelihood;
  return choices.reduce((best, choice, i) => score(choice) > score(choices[best]) ? i : best, 0);
}

/**
 * Accuracy over questions of multiple choice.
 *
 * @throws {RangeError} where there are none
 */
export function scoreMultipleChoice(
  questions: readonly ScoredQuestion[],
  options: BootstrapOptions = {},
): MultipleChoiceScores {
  const right = (normalized: boolean) =>
    questions.map(({ choices, answer }) =>
      preferredChoice(choices, { normalized }) === answer ? 1 : 0
    );
  const share = (list: number[]) => list.reduce((sum, one): number => sum + one, 0) / list.length;
  const normalized = right(true);
  return {
    accuracyNormalized: share(normalized),
    accuracy: share(right(false)),
    questions: questions.length,
    interval: bootstrapInterval(
      normalized.map((one) => [one]),
      ([sum]) => sum / questions.length,
      options,
    ),
  };
}
