import { bootstrapInterval, type BootstrapOptions, type Interval, sumRows } from "./bootstrap.ts";

/** Sums of one text, or of many. */
export interface TextLoss {
  /** Summed cross-entropy of its targets, in nats. */
  nats: number;
  /** Its targets. */
  tokens: number;
  /** UTF-8 bytes that they stand for. */
  bytes: number;
}

/** How well texts were foretold. */
export interface LanguageScores {
  /** Mean cross-entropy in nats a token. */
  loss: number;
  /** e to the loss. */
  perplexity: number;
  /** Bits that each byte of text takes; comparable between tokenizers. */
  bitsPerByte: number;
  /** Number of targets. */
  tokens: number;
  /** 95% intervals, of texts drawn anew. */
  intervals: { perplexity: Interval; bitsPerByte: Interval };
}

/**
 * Perplexity and bits per byte of texts.
 *
 * @throws {RangeError} where there are no targets
 */
export function scoreLanguage(
  texts: readonly TextLoss[],
  options: BootstrapOptions = {},
): LanguageScores {
  const rows = texts.map(({ nats, tokens, bytes }) => [nats, tokens, bytes]);
  const [nats, tokens, bytes] = sumRows(rows);
  if (!(tokens > 0)) throw new RangeError("Cannot score texts: wanted some targets, got none");
  const perplexity = (sums: ArrayLike<number>) => Math.exp(sums[0] / sums[1]);
  const bits = (sums: ArrayLike<number>) => sums[0] / Math.LN2 / sums[2];
  return {
    loss: nats / tokens,
    perplexity: perplexity([nats, tokens]),
    bitsPerByte: bits([nats, tokens, bytes]),
    tokens,
    intervals: {
      perplexity: bootstrapInterval(rows, perplexity, options),
      bitsPerByte: bootstrapInterval(rows, bits, options),
    },
  };
}

/**
 * Share of different runs of n words among all runs of n words of all texts: how varied answers are.
 *
 * Source: Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation Models".
 *
 * @param texts cut into words
 * @param n 1 or 2, usually
 * @returns from 0 to 1; 0 where no text has n words
 */
export function distinctRuns(texts: readonly (readonly string[])[], n: number): number {
  const runs = new Set<string>();
  let all = 0;
  for (const words of texts) {
    for (let i = 0; i + n <= words.length; i++) {
      runs.add(JSON.stringify(words.slice(i, i + n)));
      all++;
    }
  }
  return all === 0 ? 0 : runs.size / all;
}
