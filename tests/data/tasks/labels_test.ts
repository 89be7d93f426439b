import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  assertClasses,
  type Classified,
  classWeights,
  countClasses,
  DataError,
  LabelSet,
  type Tagged,
  tagLabels,
} from "../../../data/mod.ts";

const place = (line: number) => ({ path: "a.tsv", line, offset: 10 * line });
const classified = (...labels: string[]): Classified[] =>
  labels.map((label, i) => ({ text: `${i}`, labels: [label], place: place(i + 1) }));

Deno.test("LabelSet: a label never seen in training is an error with its line", () => {
  const labels = new LabelSet(["ham", "spam"]);
  assertEquals(labels.idOf("spam", place(1)), 1);
  const error = assertThrows(
    () => labels.idOf("eggs", place(7)),
    DataError,
    'Cannot use line 7: the label "eggs" was never seen in training, which has ham, spam; add ' +
      "training examples of it, or remove the line, at a.tsv:70",
  );
  assertEquals(error.byteOffset, 70);
  const many = new LabelSet(Array.from({ length: 12 }, (_, i) => `c${i}`));
  assertThrows(() => many.idOf("x", place(1)), DataError, "c8, c9, …; add");
  assertThrows(() => new LabelSet([]), RangeError, "wanted different names, got none");
  assertThrows(() => new LabelSet(["a", "b", "a"]), RangeError, 'got "a" twice');
});

Deno.test("countClasses: by name, each with its first line; a class with one example is an error", () => {
  const counts = countClasses(classified("b", "a", "b", "b"));
  assertEquals(counts, [
    { label: "a", examples: 1, first: place(2) },
    { label: "b", examples: 3, first: place(1) },
  ]);
  assertThrows(
    () => assertClasses(counts),
    DataError,
    'Cannot use line 2: the class "a" has one example, wanted at least 2',
  );
  assertThrows(() => assertClasses(counts, 5), DataError, 'the class "a" has one example');
  assertThrows(
    () => assertClasses(counts.slice(1), 5),
    DataError,
    "has 3 examples, wanted at least 5",
  );
  assertClasses(counts.slice(1), 3);
});

Deno.test("classWeights: each class weighs the same, an example 1 on average", () => {
  const counts = countClasses(classified("b", "a", "b", "b"));
  const weights = classWeights(counts, new LabelSet(["a", "b"]));
  assertEquals([...weights], [4 / (2 * 1), 4 / (2 * 3)]);
  assertAlmostEquals(weights[0] * 1 + weights[1] * 3, 4, 1e-12);
});

Deno.test("tagLabels: O first, then both tags of each type", () => {
  const sentences = [["O", "B-PER", "I-PER"], ["B-LOC"]].map((tags) => ({ tags }) as Tagged);
  assertEquals(tagLabels(sentences).names, ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]);
});
