import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { StepTimes } from "../../../model/generation/step_times.ts";

Deno.test("StepTimes: the first run of a size compiles and is not counted", () => {
  const times = new StepTimes();
  times.learn([4], 3000);
  assertEquals(times.of(4), 0);
  times.learn([4], 12);
  assertEquals(times.of(4), 12);
});

Deno.test("StepTimes: what is unknown grows with the rows, from the nearest size that is known", () => {
  const times = new StepTimes();
  for (const [size, ms] of [[1, 2], [16, 8], [1, 2], [16, 8]]) times.learn([size], ms);
  assertEquals([times.of(1), times.of(2), times.of(16), times.of(64)], [2, 4, 8, 32]);
});

Deno.test("StepTimes: a round of many sizes is shared out, and an outlier counts little", () => {
  const times = new StepTimes();
  for (const sizes of [[1], [8], [1], [8]]) times.learn(sizes, sizes[0] + 1);
  for (let i = 0; i < 40; i++) times.learn([1, 1, 8], 26);
  assertAlmostEquals(2 * times.of(1) + times.of(8), 26, 0.1);
  const before = times.of(1);
  times.learn([1], 5000);
  assert(times.of(1) < 1.5 * before);
});

Deno.test("StepTimes: steps that had ended before the host looked only lower what is known", () => {
  const times = new StepTimes();
  times.learn([4], 3000);
  assertEquals(times.learn([4], 11, false), 11, "all that is known of the size");
  assertEquals(times.learn([4], 11, false), 11);
  assertEquals(times.learn([4], 900, false), 11, "the host looked late");
  for (let i = 0; i < 40; i++) assertEquals(times.learn([4, 4, 4, 4], 12, false), 12);
  assertAlmostEquals(times.of(4), 3, 0.1);
});
