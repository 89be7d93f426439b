import { assertAlmostEquals, assertEquals } from "@std/assert";
import { classProbabilities } from "../../../model/mod.ts";

Deno.test("classProbabilities: softmax, or the logistic function of each; large logits too", () => {
  const [a, b, c] = classProbabilities([0, Math.log(2), Math.log(5)]);
  assertAlmostEquals(a, 1 / 8, 1e-12);
  assertAlmostEquals(b, 2 / 8, 1e-12);
  assertAlmostEquals(c, 5 / 8, 1e-12);
  assertEquals(classProbabilities([1e4, -1e4]), [1, 0]);
  const several = classProbabilities([0, Math.log(3), -1e4], { multiLabel: true });
  assertEquals([several[0], several[2]], [0.5, 0]);
  assertAlmostEquals(several[1], 0.75, 1e-12);
});
