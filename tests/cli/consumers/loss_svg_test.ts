import { assertEquals, assertMatch } from "@std/assert";
import { lossSvg, niceTicks } from "../../../cli/consumers/loss_svg.ts";

Deno.test("niceTicks: round numbers around the range", () => {
  assertEquals(niceTicks(0, 600, 8), [0, 100, 200, 300, 400, 500, 600]);
  assertEquals(niceTicks(1.83, 4.21, 6), [1.5, 2, 2.5, 3, 3.5, 4, 4.5]);
  assertEquals(niceTicks(0, 1, 8), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assertEquals(niceTicks(3, 3, 6).length >= 2, true);
  assertEquals(niceTicks(0, 0, 6).length >= 2, true);
});

Deno.test("lossSvg: axes with units, legend, both curves, light and dark", () => {
  const svg = lossSvg({ train: [4, 3, 2], validation: new Map([[3, 2.5]]) });
  for (
    const part of [
      /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox=/,
      />iteration</,
      />loss \(nats per token\)</,
      />train</,
      />validation</,
      /prefers-color-scheme: dark/,
      /class="curve train" d="M[\d.]+ [\d.]+L[\d.]+ [\d.]+L[\d.]+ [\d.]+"/,
      /class="dot"/,
      /<\/svg>\n$/,
    ]
  ) assertMatch(svg, part);
});

Deno.test("lossSvg: a long run stays small and keeps its extremes in the spread", () => {
  const train = Array.from({ length: 100_000 }, (_, i) => i === 50_000 ? 10 : 2);
  const svg = lossSvg({ train, validation: new Map() });
  assertEquals(svg.length < 30_000, true, `${svg.length} characters`);
  assertMatch(svg, />10</);
});

Deno.test("lossSvg: no losses, one loss, gaps and infinities", () => {
  const cases = [[], [3], [NaN, 3, NaN], [Infinity, 3, 2]];
  for (const train of cases) {
    const svg = lossSvg({ train, validation: new Map([[2, NaN]]) });
    assertEquals(/NaN|Infinity/.test(svg), false, String(train));
  }
});
