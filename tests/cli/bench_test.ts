import { assert, assertEquals, assertMatch } from "@std/assert";
import { sharesOf } from "../../cli/bench/steps.ts";
import { kernelRow } from "../../cli/bench/table.ts";
import { timeInTurn } from "../../cli/bench/contender.ts";
import { quern } from "./quern.ts";

Deno.test("quern bench: a table of ops that equal their references, and JSON as the last line", async () => {
  const { code, stdout, stderr } = await quern([
    ...["bench", "--models", "nano", "--ops", "^(gather rows|sum)$", "--rounds", "1"],
    ...["--no-steps", "--no-others"],
  ]);
  assertEquals(code, 0, stderr);
  const lines = stdout.trimEnd().split("\n");
  assertMatch(
    lines[0],
    /^\d{4}-\d\d-\d\d, .+, Deno \d.+, medians of 1 rounds in turn with no other$/,
  );
  assertMatch(
    lines[1],
    /^peak: \d+ GFLOP\/s of multiply-adds in registers, [\d.]+ GB\/s of a copy$/,
  );
  assertMatch(lines[4], /^nano sum +[\d.]+ +[\d.]+–[\d.]+ +[\d.]+ +\d+%$/);
  const { bench, adapter, fmaGflops, results } = JSON.parse(lines.at(-1)!);
  assertEquals([bench, typeof adapter], ["gpu", "string"]);
  assert(fmaGflops > 0);
  const names = results.map(({ model, work }: Record<string, string>) => [model, work]);
  assertEquals(names, [["nano", "sum"], ["nano", "gather rows"]]);
  assert(
    results.every(({ lowMs, medianMs, highMs }: Record<string, number>) =>
      0 < lowMs && lowMs <= medianMs && medianMs <= highMs
    ),
  );
});

Deno.test("kernelRow: an op that is wrong is told, not timed", () => {
  assertEquals(
    kernelRow({ model: "nano", work: "sum", fault: "total [9]: two runs differ" }),
    "nano sum is wrong, so not timed: total [9]: two runs differ",
  );
});

Deno.test("quern bench: an expression that is none is told", async () => {
  const { code, stderr } = await quern(["bench", "--ops", "("]);
  assertEquals(code, 2);
  assertMatch(stderr, /^quern: --ops must be a regular expression: /);
});

Deno.test("timeInTurn: runners take turns, each with as many runs as take long enough", async () => {
  const turns: string[] = [];
  const runner = (name: string, ms: number) => (runs: number) => {
    turns.push(name);
    return Promise.resolve({ ms: runs * ms, cpuMs: 2 * runs * ms });
  };
  const runners = new Map([["fast", runner("fast", 1)], ["slow", runner("slow", 200)]]);
  const times = await timeInTurn(runners, 3);
  assertEquals(times.get("fast"), { medianMs: 1, lowMs: 1, highMs: 1, cpuMs: 2 });
  assertEquals(times.get("slow"), { medianMs: 200, lowMs: 200, highMs: 200, cpuMs: 400 });
  assertEquals(turns.slice(-6), ["fast", "slow", "fast", "slow", "fast", "slow"]);
});

Deno.test("sharesOf: the GPU's share of a step, and that of products with their copies", () => {
  const span = (label: string, startNs: number, endNs: number) => ({
    ...{ label, startNs, endNs, recording: "step", operations: 0, bytes: 0 },
  });
  const spans = [
    span("copies into textures", 0, 1e6),
    span("matmul/NN texture 8x16", 1e6, 5e6),
    span("copies into textures", 5e6, 6e6),
    span("gelu/forward", 6e6, 8e6),
  ];
  assertEquals(sharesOf(spans, 10), { gpuBusy: 0.8, matmulShare: 5 / 8 });
});
