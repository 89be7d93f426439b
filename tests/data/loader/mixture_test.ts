import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Mixture, temperatureWeights } from "../../../data/loader/mixture.ts";
import { randomNumbers } from "../tokenizers/random_text.ts";

const endless = (weights: readonly number[]) => new Mixture(weights, weights.map(() => Infinity));

/** The largest distance of a source's draws from its share, over all prefixes up to `end`. */
function largestDeviation(weights: readonly number[], end: number): number {
  const sum = weights.reduce((total, weight) => total + weight);
  const mixture = endless(weights);
  const counts = weights.map(() => 0);
  let largest = 0;
  for (let place = 0; place < end; place++) {
    counts[mixture.source(place)]++;
    weights.forEach((weight, k) => {
      largest = Math.max(largest, Math.abs(counts[k] - (place + 1) * weight / sum));
    });
  }
  return largest;
}

Deno.test("Mixture: shares hold at every prefix to within 1 - 1/(2n - 2) draws", () => {
  const random = randomNumbers(1);
  const lists = [
    ...[[1, 1], [0.7, 0.3], [7, 3], [5, 3, 2], [0.5, 0.25, 0.25], [1, 99], [100, 1, 1, 1, 1]],
    ...[2, 3, 5, 10, 38, 100, 100].flatMap((n) => [
      Array.from({ length: n }, () => 1 + Math.floor(1000 * random() ** 3)),
      Array.from({ length: n }, () => random()),
    ]),
  ];
  for (const weights of lists) {
    const most = 1 - 1 / (2 * weights.length - 2);
    const found = largestDeviation(weights, 3000);
    assert(found <= most + 1e-9, `${weights.length} sources: ${found}, ${weights}`);
  }
  assertEquals(largestDeviation([3], 100), 0);
});

Deno.test("Mixture: far away, the shares of weights that do not repeat are true to a hundred-thousandth", () => {
  const weights = [Math.PI, Math.E, 1];
  const sum = weights.reduce((total, weight) => total + weight);
  endless(weights).counts(1e12).forEach((count, k) =>
    assertAlmostEquals(count / 1e12, weights[k] / sum, 1e-5)
  );
});

Deno.test("Mixture: counts of any prefix are those of drawing one by one", () => {
  for (const limits of [[Infinity, Infinity, Infinity], [10, 40, Infinity], [7, 7, 7]]) {
    const mixture = new Mixture([3, 2, Math.SQRT2], limits);
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
