import { assertEquals, assertMatch } from "@std/assert";
import { latencySvg } from "../../../cli/bench_serve/latency_svg.ts";

const served = (eventsMs: number[]) => ({
  ...{ sentMs: 0, eventsMs, endedMs: 1e4, promptTokens: 1, outputTokens: 1 },
});

Deno.test("latencySvg: both kinds of times, their percentiles, axes, light and dark", () => {
  const answers = Array.from({ length: 100 }, (_, i) => served([50 + i, 70 + i, 110 + 2 * i]));
  const svg = latencySvg(answers);
  for (
    const part of [
      /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox=/,
      />to the first token \(100\)</,
      />between tokens \(200\)</,
      />milliseconds</,
      />p50 99.5</,
      />p95 144</,
      />p99 148</,
      /class="curve" d="M[\d.]+ 296L/,
      /prefers-color-scheme: dark/,
      /<\/svg>\n$/,
    ]
  ) assertMatch(svg, part);
  assertEquals(svg.match(/class="dot"/g)?.length, 6);
  assertEquals(svg.length < 20_000, true, `${svg.length} characters`);
});

Deno.test("latencySvg: no answers, one, events at once and times far apart", () => {
  for (
    const answers of [[], [served([])], [served([5])], [served([5, 5, 5])], [served([0.1, 9e5])]]
  ) {
    const svg = latencySvg(answers);
    assertEquals(/NaN|Infinity|undefined/.test(svg), false, svg);
  }
});
