import { assertAlmostEquals, assertEquals } from "@std/assert";
import { learningRateAt } from "../../../model/mod.ts";

const OPTIONS = {
  ...{ learningRate: 1e-3, minLearningRate: 1e-4, warmupIterations: 100, decayIterations: 2000 },
};

Deno.test("learningRateAt: climbs in even steps, then half a cosine down to the floor", () => {
  assertAlmostEquals(learningRateAt(1, OPTIONS), 1e-3 / 101, 1e-12);
  assertAlmostEquals(learningRateAt(100, OPTIONS), 1e-3 * 100 / 101, 1e-12);
  assertAlmostEquals(learningRateAt(101, OPTIONS), 1e-3, 1e-12);
  assertAlmostEquals(learningRateAt(1051, OPTIONS), 5.5e-4, 1e-12);
  assertEquals(learningRateAt(2001, OPTIONS), 1e-4);
  assertEquals(learningRateAt(9999, OPTIONS), 1e-4);
});

Deno.test("learningRateAt: without a warm-up it begins at the highest rate", () => {
  assertEquals(learningRateAt(1, { ...OPTIONS, warmupIterations: 0 }), 1e-3);
});
