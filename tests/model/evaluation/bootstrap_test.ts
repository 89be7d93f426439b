import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { bootstrapDraws, bootstrapInterval } from "../../../model/mod.ts";

const rows = Array.from({ length: 400 }, (_, i) => [i % 4 === 0 ? 1 : 0, 1]);
const share = ([some, all]: Float64Array) => some / all;

Deno.test("bootstrapInterval: as wide as the normal one, the same with the seed, narrower for a lower level", () => {
  const found = bootstrapInterval(rows, share, { resamples: 4000 });
  const spread = 1.96 * Math.sqrt(0.25 * 0.75 / 400);
  assertAlmostEquals(found.low, 0.25 - spread, 0.005);
  assertAlmostEquals(found.high, 0.25 + spread, 0.005);
  assertEquals(bootstrapInterval(rows, share, { resamples: 4000, seed: 1 }), found);
  assert(bootstrapInterval(rows, share, { seed: 2 }).low !== found.low);
  const half = bootstrapInterval(rows, share, { level: 0.5 });
  assert(half.high - half.low < (found.high - found.low) / 2);
});

Deno.test("bootstrapInterval: its coverage: of 200 samples some 95% hold the true mean", () => {
  let held = 0;
  for (let sample = 0; sample < 200; sample++) {
    // A fixed generator of another kind, so that draws and data share nothing.
    let state = 12_345 + 977 * sample;
    const values = Array.from({ length: 80 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return [state / 2 ** 32, 1];
    });
    const { low, high } = bootstrapInterval(values, share, { resamples: 300, seed: sample });
    if (low <= 0.5 && 0.5 <= high) held++;
  }
  assert(held >= 180 && held <= 199, `${held} of 200`);
});

Deno.test("bootstrapDraws: each draw has as many examples, each of them at times", () => {
  const seen = new Set<number>();
  bootstrapDraws(5, (draw) => {
    assertEquals(draw.length, 5);
    for (const index of draw) seen.add(index);
    return 0;
  }, { resamples: 50 });
  assertEquals([...seen].sort(), [0, 1, 2, 3, 4]);
  assertThrows(() => bootstrapDraws(0, () => 0), RangeError, "got 0 examples, 1000 and 0.95");
  assertThrows(() => bootstrapDraws(1, () => 0, { level: 1 }), RangeError, "1000 and 1");
});
