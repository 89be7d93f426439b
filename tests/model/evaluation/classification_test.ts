import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { scoreClassification, scoreMultiLabel } from "../../../model/mod.ts";
import { assertScores, readGolden } from "./golden.ts";

Deno.test("scoreClassification: scikit-learn's figures and its confusion matrix", async () => {
  const { references, predictions, ...wanted } = (await readGolden()).classes;
  const found = scoreClassification(references, predictions);
  assertAlmostEquals(found.accuracy, wanted.accuracy, 1e-12);
  assertAlmostEquals(found.macro.f1, wanted.macroF1, 1e-12);
  assertEquals(found.classes.map(({ label }) => label), Object.keys(wanted.classes));
  for (const { label, ...scores } of found.classes) assertScores(scores, wanted.classes[label]);
  assertEquals(found.confusion, wanted.confusion);
});

Deno.test("scoreClassification: by hand", () => {
  const { accuracy, classes, macro } = scoreClassification(
    ["ham", "ham", "ham", "spam", "spam"],
    ["ham", "ham", "spam", "spam", "ham"],
  );
  assertEquals(accuracy, 3 / 5);
  // ham: 2 right of 3 said and 3 there; spam: 1 right of 2 said and 2 there.
  assertEquals(classes, [
    { label: "ham", precision: 2 / 3, recall: 2 / 3, f1: 2 / 3, support: 3 },
    { label: "spam", precision: 1 / 2, recall: 1 / 2, f1: 1 / 2, support: 2 },
  ]);
  assertAlmostEquals(macro.f1, (2 / 3 + 1 / 2) / 2, 1e-15);
});

Deno.test("scoreClassification: the interval of an accuracy is about the normal one, same with the seed", () => {
  const references = Array.from({ length: 1000 }, () => "a");
  const predictions = references.map((label, i) => i % 10 === 0 ? "b" : label);
  const { intervals } = scoreClassification(references, predictions, { seed: 3 });
  const spread = 1.96 * Math.sqrt(0.9 * 0.1 / 1000);
  assertAlmostEquals(intervals.accuracy.low, 0.9 - spread, 0.004);
  assertAlmostEquals(intervals.accuracy.high, 0.9 + spread, 0.004);
  assertEquals(scoreClassification(references, predictions, { seed: 3 }).intervals, intervals);
  assert(intervals.macroF1.low > 0.4 && intervals.macroF1.high < 0.5, "b has an F1 of 0");
});

Deno.test("scoreMultiLabel: scikit-learn's figures", async () => {
  const { references, predictions, exactMatch, micro, macro } = (await readGolden()).several;
  const found = scoreMultiLabel(references, predictions);
  assertAlmostEquals(found.exactMatch, exactMatch, 1e-12);
  assertScores(found.micro, micro);
  assertScores(found.macro, macro);
  assert(
    found.intervals.microF1.low < found.micro.f1 && found.micro.f1 < found.intervals.microF1.high,
  );
});

Deno.test("scoreClassification and scoreMultiLabel: wrong numbers are errors", () => {
  const message = "Cannot score texts: wanted one prediction for each reference, got ";
  assertThrows(() => scoreClassification(["a"], []), RangeError, `${message}0 predictions and 1`);
  assertThrows(() => scoreMultiLabel([], []), RangeError, `${message}0 predictions and 0`);
});
