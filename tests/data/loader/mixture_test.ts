import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Mixture, temperatureWeights } from "../../../data/loader/mixture.ts";

const endless = (weights: readonly number[]) => new Mixture(weights, weights.map(() => Infinity));

Deno.test("Mixture: shares hold at every prefix within one draw", () => {
  const lists = [
    [1],
    [1, 1],
    [0.7, 0.3],
    [7, 3],
    [5, 3, 2],
    [0.5, 0.25, 0.25],
    [1, 99],
    [
      ...[0.313, 0.187, 0.411, 0.089],
    ],
    [Math.PI, Math.E, 1],
    [100, 1, 1, 1, 1],
  ];
  for (const weights of lists) {
    const sum = weights.reduce((total, weight) => total + weight);
    const mixture = endless(weights);
    const counts = weights.map(() => 0);
    for (let place = 0; place < 5000; place++) {
      counts[mixture.source(place)]++;
      weights.forEach((weight, k) => {
        const exact = (place + 1) * weight / sum;
        assert(Math.abs(counts[k] - exact) < 1, `${weights}: ${counts[k]} for ${exact}`);
      });
    }
  }
});

Deno.test("Mixture: counts of any prefix are those of drawing one by one", () => {
  for (const limits of [[Infinity, Infinity, Infinity], [10, 40, Infinity], [7, 7, 7]]) {
    const mixture = new Mixture([3, 2, 1.5], limits);
    const counts = [0, 0, 0];
    const end = Math.min(300, mixture.length);
    for (let place = 0; place < end; place++) {
      assertEquals(mixture.counts(place), counts);
      counts[mixture.source(place)]++;
    }
    assertEquals(mixture.counts(end), counts);
  }
  // At a place far away, at once.
  assertEquals(endless([7, 3]).counts(1e13), [7e12, 3e12]);
});

Deno.test("Mixture: a source that has given all is left out, the others share its part", () => {
  const mixture = new Mixture([2, 1, 1], [10, Infinity, 100]);
  const drawn = (from: number, to: number) => {
    const [before, after] = [mixture.counts(from), mixture.counts(to)];
    return after.map((count, k) => count - before[k]);
  };
  assertEquals(drawn(0, 20), [10, 5, 5]);
  assertEquals(drawn(20, 120), [0, 50, 50]);
  assertEquals(drawn(1000, 2000), [0, 1000, 0]);
  assertEquals(mixture.length, Infinity);
  const ending = new Mixture([1, 2], [5, 6]);
  assertEquals([ending.length, ending.counts(ending.length)], [11, [5, 6]]);
});

Deno.test("temperatureWeights: from the shares of rows to equal ones", () => {
  const [small, large] = temperatureWeights([100, 900], 1);
  assertAlmostEquals(small / large, 1 / 9);
  const [less, more] = temperatureWeights([100, 900], 2);
  assertAlmostEquals(less / more, 1 / 3);
  const [one, other] = temperatureWeights([100, 900], 1e9);
  assertAlmostEquals(one / other, 1, 1e-6);
  for (const temperature of [0, -1, NaN]) {
    assertThrows(
      () => temperatureWeights([1, 2], temperature),
      RangeError,
      `temperature must be above 0, got ${temperature}`,
    );
  }
});
