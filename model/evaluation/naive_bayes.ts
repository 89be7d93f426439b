/** A text and its class. */
export interface LabelledText {
  /** What was written. */
  text: string;
  /** The name of its class. */
  label: string;
}

/** Runs of letters and marks, of digits, and other signs one by one; each ideograph alone. */
const WORD = /\p{Script=Han}|[\p{L}\p{M}']+|\p{N}+|[^\s\p{L}\p{N}]/gu;

/**
 * Tells texts apart by how often words stand in each class: what a trained model should be compared
 * with, since it takes milliseconds and is often enough.
 *
 * Source: multinomial naive Bayes with add-one smoothing, Manning, Raghavan & Schütze 2008,
 * "Introduction to Information Retrieval", section 13.2.
 *
 * @example
 * ```ts
 * import { NaiveBayes } from "@quern/quern";
 * const bayes = new NaiveBayes([
 *   { text: "See you at eight.", label: "ham" },
 *   { text: "You won a prize!", label: "spam" },
 * ]);
 * console.log(bayes.tell("a prize for you")); // spam
 * ```
 */
export class NaiveBayes {
  #words = new Set<string>();
  #classes = new Map<string, { texts: number; words: number; counts: Map<string, number> }>();
  #texts = 0;

  /**
   * Counts the words of each class.
   *
   * @throws {RangeError} if there are no texts
   */
  constructor(texts: Iterable<LabelledText>) {
    for (const { text, label } of texts) {
      const known = this.#classes.get(label) ?? { texts: 0, words: 0, counts: new Map() };
      this.#classes.set(label, known);
      known.texts++;
      this.#texts++;
      for (const word of wordsOf(text)) {
        this.#words.add(word);
        known.words++;
        known.counts.set(word, (known.counts.get(word) ?? 0) + 1);
      }
    }
    if (this.#texts === 0) throw new RangeError("Cannot count words: wanted texts, got none");
  }

  /** The most likely class of a text. */
  tell(text: string): string {
    const words = wordsOf(text).filter((word) => this.#words.has(word));
    let best = { label: "", likelihood: -Infinity };
    for (const [label, { texts, words: total, counts }] of this.#classes) {
      let likelihood = Math.log(texts / this.#texts);
      for (const word of words) {
        likelihood += Math.log(((counts.get(word) ?? 0) + 1) / (total + this.#words.size));
      }
      if (likelihood > best.likelihood) best = { label, likelihood };
    }
    return best.label;
  }
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? [];
}
