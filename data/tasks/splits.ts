import { createHash } from "node:crypto";
import { splitOf } from "../dedup/mod.ts";
import type { Classified } from "./classification.ts";
import { assertClasses, countClasses } from "./labels.ts";

/** Examples to learn from and examples to measure with. */
export interface ExampleSplit<T> {
  /** To learn from. */
  train: T[];
  /** To measure with. */
  validation: T[];
}

/** Options of the splits. */
export interface SplitOptions {
  /** Share that validates, in [0, 1). */
  validationFraction: number;
  /** Another one makes another split. @default 0 */
  salt?: number | string;
}

/**
 * Splits by the hash of a key, so that examples of one key stay together and each stays where it is
 * as the set grows: the text of a class or a tag, the source sentence of a pair.
 *
 * @throws {RangeError} where the fraction is not from 0 to 1
 * @example
 * ```ts
 * import { splitByKey } from "@quern/quern";
 * const pairs = ["Hi.", "Run!", "Hi.", "Wait."].map((source) => ({ source }));
 * const { train, validation } = splitByKey(pairs, ({ source }) => source, {
 *   validationFraction: 0.5,
 * });
 * console.log(train.length + validation.length); // 4
 * ```
 */
export function splitByKey<T>(
  examples: Iterable<T>,
  keyOf: (example: T) => string,
  { validationFraction, salt }: SplitOptions,
): ExampleSplit<T> {
  const split: ExampleSplit<T> = { train: [], validation: [] };
  for (const example of examples) {
    split[splitOf(keyOf(example), validationFraction, salt)].push(example);
  }
  return split;
}

/**
 * Splits so that each class has the same share on both sides, at least one example on each; which
 * ones, the hashes of their texts say. Examples of several labels count as of their combination,
 * which may stand on one side alone.
 *
 * @throws {RangeError} where the fraction is not in [0, 1)
 * @throws {DataError} naming the class with one example, and its line
 */
export function splitByClass(
  examples: readonly Classified[],
  { validationFraction, salt = 0 }: SplitOptions,
): ExampleSplit<Classified> {
  if (!(validationFraction >= 0 && validationFraction < 1)) {
    throw new RangeError(
      `Cannot split: wanted a validation fraction of 0 or more and below 1, got ${validationFraction}`,
    );
  }
  if (validationFraction === 0) return { train: [...examples], validation: [] };
  assertClasses(countClasses(examples));
  const chosen = new Set<Classified>();
  for (const group of groupsByHash(examples, salt)) {
    const wanted = Math.max(1, Math.round(group.length * validationFraction));
    let count = Math.min(wanted, group.length - 1);
    // Copies of one text stand side by side; they go to one side, so that none is a leak.
    while (count < group.length - 1 && group[count].text === group[count - 1].text) count++;
    for (const example of group.slice(0, count)) chosen.add(example);
  }
  return {
    train: examples.filter((example) => !chosen.has(example)),
    validation: examples.filter((example) => chosen.has(example)),
  };
}

/**
 * The first examples of each class in the order of their hashes: what is left of a set when labels
 * are few.
 *
 * @param perClass most of each class, at least 1
 * @returns in the order they came
 */
export function limitPerClass(
  examples: readonly Classified[],
  perClass: number,
  salt: number | string = 0,
): Classified[] {
  if (!Number.isSafeInteger(perClass) || perClass < 1) {
    throw new RangeError(
      `Cannot choose examples: perClass must be a whole number of at least 1, got ${perClass}`,
    );
  }
  const chosen = new Set(groupsByHash(examples, salt).flatMap((group) => group.slice(0, perClass)));
  return examples.filter((example) => chosen.has(example));
}

/** The examples of each class in the order of the hashes of their texts. */
function groupsByHash(examples: readonly Classified[], salt: number | string): Classified[][] {
  const groups = Map.groupBy(examples, ({ labels }) => JSON.stringify(labels.toSorted()));
  return [...groups.values()].map((group) =>
    group.map((example, i) => ({ example, i, hash: hashOf(example.text, salt) }))
      .sort((a, b) => a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : a.i - b.i)
      .map(({ example }) => example)
  );
}

function hashOf(text: string, salt: number | string): string {
  return createHash("sha256").update(`${salt}\0`).update(text).digest("hex");
}
