import type { Classified } from "./classification.ts";
import { badExample, type Place } from "./reader.ts";
import type { Tagged } from "./tagging.ts";

/** The classes of a task in their order; a class's id is its place. */
export class LabelSet {
  #ids: ReadonlyMap<string, number>;

  /**
   * Takes the names as they stand.
   *
   * @param names each once
   * @throws {RangeError} where there is none, or one stands twice
   */
  constructor(
    /** By id. */
    readonly names: readonly string[],
  ) {
    this.#ids = new Map(names.map((name, id) => [name, id]));
    if (names.length === 0 || this.#ids.size < names.length) {
      const twice = names.find((name, id) => this.#ids.get(name) !== id);
      throw new RangeError(
        `Cannot name classes: wanted different names, got ${
          twice === undefined ? "none" : `${JSON.stringify(twice)} twice`
        }`,
      );
    }
  }

  /**
   * The id of a label.
   *
   * @param place where it was read, for the error
   * @throws {DataError} with the line, where it is none of the classes
   */
  idOf(label: string, place: Place): number {
    const id = this.#ids.get(label);
    if (id !== undefined) return id;
    const known = this.names.slice(0, 10).join(", ") + (this.names.length > 10 ? ", …" : "");
    throw badExample(
      place,
      `the label ${JSON.stringify(label)} was never seen in training, which has ${known}; add ` +
        "training examples of it, or remove the line",
    );
  }
}

/** How often each class stands in examples, and where first. */
export interface ClassCount {
  /** Its name. */
  label: string;
  /** Examples of it. */
  examples: number;
  /** Where the first of them was read. */
  first: Place;
}

/** The classes of examples in order of name. */
export function countClasses(examples: Iterable<Classified>): ClassCount[] {
  const counts = new Map<string, ClassCount>();
  for (const { labels, place } of examples) {
    for (const label of labels) {
      const count = counts.get(label);
      if (count) count.examples++;
      else counts.set(label, { label, examples: 1, first: place });
    }
  }
  return [...counts.values()].sort((a, b) => a.label < b.label ? -1 : 1);
}

/**
 * Checks that each class has examples enough to learn from and to measure with.
 *
 * @param least of each class. @default 2
 * @throws {DataError} naming the first class with fewer, and the line
 */
export function assertClasses(counts: readonly ClassCount[], least = 2): void {
  const rare = counts.find(({ examples }) => examples < least);
  if (rare === undefined) return;
  const { label, examples, first } = rare;
  throw badExample(
    first,
    `the class ${JSON.stringify(label)} has ${
      examples === 1 ? "one example" : `${examples} examples`
    }, wanted at least ${least}, some to learn from and one to measure with; add examples or ` +
      "remove the class",
  );
}

/**
 * Weights of classes that make up for their numbers: n / (K · n_k), so that each class weighs the
 * same and an example 1 on average. Source: King and Zeng 2001, as scikit-learn's `balanced`.
 *
 * @returns by id, in the order of the label set
 */
export function classWeights(counts: readonly ClassCount[], labels: LabelSet): Float64Array {
  const total = counts.reduce((sum, { examples }) => sum + examples, 0);
  const weights = new Float64Array(labels.names.length);
  for (const { label, examples, first } of counts) {
    weights[labels.idOf(label, first)] = total / (counts.length * examples);
  }
  return weights;
}

/** The tags of sentences: `O`, then `B-` and `I-` of each type in order of name. */
export function tagLabels(sentences: Iterable<Tagged>): LabelSet {
  const types = new Set<string>();
  for (const { tags } of sentences) {
    for (const tag of tags) if (tag !== "O") types.add(tag.slice(2));
  }
  return new LabelSet(["O", ...[...types].sort().flatMap((type) => [`B-${type}`, `I-${type}`])]);
}
