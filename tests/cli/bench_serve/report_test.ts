import { assertEquals } from "@std/assert";
import { percentile, reportOf } from "../../../cli/bench_serve/report.ts";
import type { Measurement } from "../../../cli/bench_serve/request.ts";

const MEASUREMENTS: Measurement[] = [
  // First token after 100 ms, four tokens in three events, over after 400 ms.
  { sentMs: 0, eventsMs: [100, 200, 400], endedMs: 400, promptTokens: 10, outputTokens: 4 },
  { sentMs: 500, eventsMs: [800], endedMs: 810, promptTokens: 20, outputTokens: 1 },
  { sentMs: 600, endedMs: 650, failure: "HTTP 429" },
  { sentMs: 700, eventsMs: [750, 760], endedMs: 2000, promptTokens: 30, outputTokens: 11 },
  { sentMs: 800, endedMs: 900, failure: "HTTP 429" },
  { sentMs: 900, eventsMs: [], endedMs: 1000, promptTokens: 0, outputTokens: 0 },
  { sentMs: 900, endedMs: 1000, failure: "broken off" },
];

Deno.test("percentile: lies between neighbours, as NumPy's does", () => {
  const sorted = [1, 2, 4, 8];
  assertEquals([0, 0.25, 0.5, 0.75, 1].map((share) => percentile(sorted, share)), [
    ...[1, 1.75, 3, 5, 8],
  ]);
  assertEquals([percentile([5], 0.99), percentile([], 0.5)], [5, NaN]);
});

Deno.test("report: counts, rates and times by their definitions", () => {
  const report = reportOf({ measurements: MEASUREMENTS, mostUnderWay: 4 });
  assertEquals([report.requests, report.answered, report.mostUnderWay], [7, 4, 4]);
  assertEquals(report.failed, { "HTTP 429": 2, "broken off": 1 });
  assertEquals([report.seconds, report.requestsPerSecond], [2, 2]);
  assertEquals([report.outputTokensPerSecond, report.totalTokensPerSecond], [8, 38]);
  assertEquals([report.promptTokens, report.outputTokens], [15, 4]);
  assertEquals(report.firstTokenMs.mean, (100 + 300 + 50) / 3);
  assertEquals([report.interTokenMs.mean, report.interTokenMs.p50], [310 / 3, 100]);
  assertEquals(report.perTokenMs.mean, (300 / 3 + 1250 / 10) / 2);
  assertEquals(report.latencyMs.p50, (310 + 400) / 2);
  assertEquals(report.goodputRequestsPerSecond, null);
});

Deno.test("report: goodput counts requests within every bound of the service level", () => {
  const goodput = (level: Parameters<typeof reportOf>[1]) =>
    reportOf({ measurements: MEASUREMENTS, mostUnderWay: 4 }, level).goodputRequestsPerSecond! * 2;
  assertEquals(goodput({ firstTokenMs: 100 }), 3);
  assertEquals(goodput({ firstTokenMs: 99 }), 1);
  assertEquals(goodput({ perTokenMs: 100 }), 3);
  assertEquals(goodput({ latencyMs: 310 }), 2);
  assertEquals(goodput({ firstTokenMs: 100, latencyMs: 310 }), 1);
});

Deno.test("report: nothing answered gives no times", () => {
  const measurements = MEASUREMENTS.filter((each) => "failure" in each);
  const report = reportOf({ measurements, mostUnderWay: 1 }, { latencyMs: 1 });
  assertEquals([report.answered, report.outputTokensPerSecond], [0, 0]);
  assertEquals([report.goodputRequestsPerSecond, report.firstTokenMs.p50], [0, NaN]);
});
