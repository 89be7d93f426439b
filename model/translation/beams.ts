/** Options of {@linkcode BeamSearch}. */
export interface BeamOptions {
  /** Translations that are followed side by side; with one the search is greedy. @default 4 */
  beams: number;
  /**
   * Power of the length that the sum of log-probabilities is divided by: above 0 longer translations
   * gain. @default 1
   */
  lengthPenalty: number;
  /** Runs of so many tokens may not come twice; 0 for no such rule. @default 0 */
  noRepeatNgram: number;
  /** Most tokens of a translation, its end among them. */
  maxTokens: number;
}

/** What a text was translated to. */
export interface Translation {
  /** Its tokens, without start and end. */
  tokens: number[];
  /** Mean log-probability of a token where the length penalty is 1; else as that has it. */
  score: number;
}

/** The likeliest next tokens of a beam, the likeliest first. */
export interface NextTokens {
  ids: ArrayLike<number>;
  /** Natural logarithms of their probabilities. */
  values: ArrayLike<number>;
}

/** A translation under way. */
interface Beam {
  tokens: number[];
  /** Sum of log-probabilities. */
  sum: number;
}

/** How one beam goes on. */
interface Step extends Beam {
  parent: number;
}

/**
 * Beam search for one text: of all ways to go on the likeliest are followed; one that ends is kept by
 * its score, and the search is over once no way that is followed can do better.
 *
 * Source: Wu et al. 2016, "Google's Neural Machine Translation System", section 7, with transformers'
 * penalty: score = Σ log p / length^penalty.
 */
export class BeamSearch {
  /** What each beam goes on from, a beam of the step before, and its last token. */
  parents: number[];
  tokens: number[];
  #beams: Beam[];
  #ended: Translation[] = [];
  #isDone = false;

  constructor(
    private readonly options: BeamOptions,
    private readonly ids: { startId: number; endId: number },
  ) {
    const { beams } = options;
    // All begin with the same token; one of them is enough to begin with.
    this.#beams = [{ tokens: [], sum: 0 }];
    this.parents = new Array(beams).fill(0);
    this.tokens = new Array(beams).fill(ids.startId);
  }

  /** Whether nothing better can be found. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** The best translation so far. */
  get best(): Translation {
    const all = this.#ended.length > 0
      ? this.#ended
      : this.#beams.map((beam) => ({ tokens: beam.tokens, score: this.#score(beam) }));
    return all.reduce((best, one) => one.score > best.score ? one : best);
  }

  /**
   * Goes on by a token.
   *
   * @param next for each beam its next tokens, at least twice as many as beams
   */
  advance(next: readonly NextTokens[]): void {
    if (this.#isDone) return;
    const { beams, maxTokens } = this.options;
    const steps = this.#beams.flatMap((beam, parent) => this.#steps(beam, parent, next[parent]))
      .sort((a, b) => b.sum - a.sum).slice(0, 2 * beams);
    const going: Step[] = [];
    steps.forEach((step, rank) => {
      const ends = step.tokens.at(-1) === this.ids.endId;
      // What ends must be among the best as if all ended.
      if (ends && rank < beams) {
        this.#ended.push({ tokens: step.tokens.slice(0, -1), score: this.#score(step) });
      } else if (!ends && going.length < beams) going.push(step);
    });
    this.#ended.sort((a, b) => b.score - a.score).splice(beams);
    this.#beams = going;
    this.parents = Array.from({ length: beams }, (_, i) => going[i]?.parent ?? 0);
    this.tokens = Array.from({ length: beams }, (_, i) => going[i]?.tokens.at(-1) ?? 0);
    const hope = going.length > 0 ? this.#score(going[0]) : -Infinity;
    const enough = this.#ended.length === beams && this.#ended[beams - 1].score >= hope;
    this.#isDone = enough || going.length === 0 || going[0].tokens.length >= maxTokens;
  }

  /** The ways that a beam may go on. */
  #steps({ tokens, sum }: Beam, parent: number, { ids, values }: NextTokens): Step[] {
    const banned = this.#bannedAfter(tokens);
    const steps: Step[] = [];
    for (let i = 0; i < ids.length; i++) {
      if (banned.has(ids[i])) continue;
      steps.push({ tokens: [...tokens, ids[i]], sum: sum + values[i], parent });
    }
    return steps;
  }

  /** Tokens that would end a run that was there before. */
  #bannedAfter(tokens: readonly number[]): Set<number> {
    const n = this.options.noRepeatNgram;
    const banned = new Set<number>();
    if (n === 0 || tokens.length < n) return banned;
    const last = tokens.length - n + 1;
    for (let i = 0; i + n <= tokens.length; i++) {
      let same = 0;
      while (same < n - 1 && tokens[i + same] === tokens[last + same]) same++;
      if (same === n - 1) banned.add(tokens[i + n - 1]);
    }
    return banned;
  }

  #score({ tokens, sum }: Beam): number {
    return sum / tokens.length ** this.options.lengthPenalty;
  }
}
