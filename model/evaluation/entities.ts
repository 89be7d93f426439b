import { bootstrapInterval, type BootstrapOptions, type Interval, sumRows } from "./bootstrap.ts";
import { assertPaired } from "./classification.ts";
import { type ClassScore, macroOf, scoreOf } from "./f1.ts";

/** An entity of a sentence. */
export interface Entity {
  /** Its type. */
  type: string;
  /** Its first word, from 0. */
  start: number;
  /** Just after its last word. */
  end: number;
}

/**
 * How entities are read off tags, as seqeval does it: `strict` for IOB2, where an entity begins with
 * `B-` alone and goes on with `I-` of its type, all other `I-` being nothing; `default` as CoNLL's
 * script, where an `I-` that follows nothing of its type begins an entity.
 */
export type EntityMode = "strict" | "default";

/** How well entities were found: right is one with its type and both its ends. */
export interface EntityScores {
  /** Over all entities. */
  micro: ClassScore;
  /** Means over the types that stand in references or predictions. */
  macro: ClassScore;
  /** Each of those in order of name. */
  types: ({ type: string } & ClassScore)[];
  /** Share of words with the right tag. */
  tagAccuracy: number;
  /** Number of sentences. */
  sentences: number;
  /** 95% intervals, of sentences drawn anew. */
  intervals: { f1: Interval };
}

/**
 * The entities of a sentence's tags, in order.
 *
 * @throws {RangeError} at a tag that is not `O`, `B-TYPE` or `I-TYPE`
 * @example
 * ```ts
 * import { entitiesOf } from "@quern/quern";
 * console.log(entitiesOf(["B-PER", "I-PER", "O", "I-LOC"], "strict")); // one: PER, 0 to 2
 * console.log(entitiesOf(["B-PER", "I-PER", "O", "I-LOC"], "default").length); // 2
 * ```
 */
export function entitiesOf(tags: readonly string[], mode: EntityMode): Entity[] {
  const entities: Entity[] = [];
  let open: Entity | undefined;
  tags.forEach((tag, i) => {
    if (!/^(O|[BI](-.*)?)$/s.test(tag)) {
      throw new RangeError(
        `Cannot read the entities: wanted IOB2 tags (O, B-TYPE, I-TYPE), got ${tag} at word ${
          i + 1
        }`,
      );
    }
    const type = tag.slice(2) || "_";
    const goesOn = tag[0] === "I" && open?.type === type;
    if (goesOn) {
      open!.end = i + 1;
      return;
    }
    open = undefined;
    if (tag[0] === "B" || (tag[0] === "I" && mode === "default")) {
      entities.push(open = { type, start: i, end: i + 1 });
    }
  });
  return entities;
}

/**
 * Precision, recall and F1 of entities, as seqeval counts them (`mode="strict", scheme=IOB2`, or its
 * default).
 *
 * @param references IOB2 tags of each sentence
 * @throws {RangeError} where sentences or words are not as many on both sides, or a tag is no IOB2
 */
export function scoreEntities(
  references: readonly (readonly string[])[],
  predictions: readonly (readonly string[])[],
  options: BootstrapOptions & { mode?: EntityMode } = {},
): EntityScores {
  const { mode = "strict" } = options;
  assertPaired("entities", references, predictions);
  const counts = new Map<string, [right: number, predicted: number, support: number]>();
  let [words, rightWords] = [0, 0];
  const rows = references.map((reference, i) => {
    const prediction = predictions[i];
    if (reference.length !== prediction.length) {
      throw new RangeError(
        `Cannot score sentence ${i + 1}: wanted a tag for each of its ${reference.length} words, ` +
          `got ${prediction.length}`,
      );
    }
    words += reference.length;
    rightWords += reference.filter((tag, j) => tag === prediction[j]).length;
    const keyOf = ({ type, start, end }: Entity) => `${start} ${end} ${type}`;
    const wanted = entitiesOf(reference, mode);
    const found = entitiesOf(prediction, mode);
    const keys = new Set(wanted.map(keyOf));
    const right = found.filter((entity) => keys.has(keyOf(entity)));
    [right, found, wanted].forEach((entities, j) => {
      for (const { type } of entities) {
        const count = counts.get(type) ?? [0, 0, 0];
        count[j]++;
        counts.set(type, count);
      }
    });
    return [right.length, found.length, wanted.length];
  });
  const micro = ([right, predicted, support]: ArrayLike<number> & Iterable<number>) =>
    scoreOf(right, predicted, support);
  const types = [...counts].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([type, count]) => ({ type, ...scoreOf(...count) }));
  return {
    micro: micro(sumRows(rows)),
    macro: macroOf(types),
    types,
    tagAccuracy: words === 0 ? 0 : rightWords / words,
    sentences: rows.length,
    intervals: { f1: bootstrapInterval(rows, (sums) => micro(sums).f1, options) },
  };
}
