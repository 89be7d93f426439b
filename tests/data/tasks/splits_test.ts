import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type Classified,
  DataError,
  limitPerClass,
  splitByClass,
  splitByKey,
} from "../../../data/mod.ts";

const example = (text: string, ...labels: string[]): Classified => ({
  text,
  labels,
  place: { path: "a.tsv", line: 1, offset: 0 },
});
const ofClass = (label: string, count: number) =>
  Array.from({ length: count }, (_, i) => example(`${label} ${i}`, label));

Deno.test("splitByKey: pairs of one source stay together, the order stays", () => {
  const pairs = Array.from({ length: 2000 }, (_, i) => ({ source: `s${i % 500}`, number: i }));
  const split = splitByKey(pairs, ({ source }) => source, { validationFraction: 0.2 });
  const train = new Set(split.train.map(({ source }) => source));
  assert(split.validation.every(({ source }) => !train.has(source)));
  assertEquals(split.train.length + split.validation.length, 2000);
  assert(Math.abs(split.validation.length / 2000 - 0.2) < 0.05, `${split.validation.length}`);
  assertEquals(split.train.toSorted((a, b) => a.number - b.number), split.train);
});

Deno.test("splitByClass: each class has its share, one at least on each side", () => {
  const examples = [...ofClass("a", 100), ...ofClass("b", 10), ...ofClass("c", 2)];
  const { train, validation } = splitByClass(examples, { validationFraction: 0.2 });
  const count = (list: Classified[], label: string) =>
    list.filter(({ labels }) => labels[0] === label).length;
  assertEquals(["a", "b", "c"].map((label) => count(validation, label)), [20, 2, 1]);
  assertEquals(["a", "b", "c"].map((label) => count(train, label)), [80, 8, 1]);
  const again = splitByClass(examples.toReversed(), { validationFraction: 0.2 });
  assertEquals(new Set(again.validation), new Set(validation));
  const other = splitByClass(examples, { validationFraction: 0.2, salt: 1 });
  assert(other.validation.some((each) => !validation.includes(each)));
  assertEquals(splitByClass(examples, { validationFraction: 0 }).train, examples);
});

Deno.test("splitByClass: copies of one text stay on one side", () => {
  const examples = [...ofClass("a", 6), ...ofClass("a", 6), ...ofClass("a", 6)];
  for (const validationFraction of [0.1, 0.25, 0.4, 0.5]) {
    const { train, validation } = splitByClass(examples, { validationFraction });
    const seen = new Set(train.map(({ text }) => text));
    assert(validation.every(({ text }) => !seen.has(text)));
  }
});

Deno.test("splitByClass: a class with one example and a wrong fraction are errors", () => {
  assertThrows(
    () => splitByClass([...ofClass("a", 4), ...ofClass("b", 1)], { validationFraction: 0.5 }),
    DataError,
    'the class "b" has one example, wanted at least 2',
  );
  assertThrows(
    () => splitByClass(ofClass("a", 4), { validationFraction: 1 }),
    RangeError,
    "wanted a validation fraction of 0 or more and below 1, got 1",
  );
});

Deno.test("limitPerClass: so many of each class, in their order", () => {
  const examples = [...ofClass("a", 40), ...ofClass("b", 3), example("both", "a", "b")];
  const few = limitPerClass(examples, 10);
  assertEquals(few.length, 14);
  assertEquals(few, examples.filter((each) => few.includes(each)));
  assertEquals(limitPerClass(examples.toReversed(), 10).toReversed(), few);
  assertThrows(() => limitPerClass(examples, 0), RangeError, "perClass must be a whole number");
});
