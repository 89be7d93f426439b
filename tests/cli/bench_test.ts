import { assert, assertEquals, assertMatch } from "@std/assert";
import { sharesOf } from "../../cli/bench/steps.ts";
import { kernelRow } from "../../cli/bench/table.ts";
import { type Contender, type Given, timeInTurn } from "../../cli/bench/contender.ts";
import { openJax } from "../../cli/bench/jax.ts";
import { benchKernels, type KernelResult, prepareChecked } from "../../cli/bench/kernels.ts";
import { openTorch } from "../../cli/bench/torch.ts";
import { Device, KERNEL_CASES, TrialRun } from "../../kernels/mod.ts";
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
    /^\d{4}-\d\d-\d\d, .+, Deno \d.+, medians of up to 1 rounds in turn with no other$/,
  );
  assertMatch(
    lines[1],
    /^peak: \d+ GFLOP\/s of multiply-adds in registers, [\d.]+ GB\/s of a copy$/,
  );
  assertMatch(lines[4], /^nano sum +[\d.]+ +[\d.]+–[\d.]+ +1 +[\d.]+ +\d+%$/);
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

const SIZES = { B: 2, T: 24, C: 32, heads: 2, V: 70 };

/** Doubles what it copies, but for some elements that it has right. */
function copier(name: string, right: (place: number) => boolean): Contender {
  return {
    name,
    prepare: (_work: string, { tensors: { x } }: Given) =>
      Promise.resolve({
        run: (runs: number) => Promise.resolve({ ms: 200 * runs, cpuMs: 100 * runs }),
        results: ({ y }: Record<string, number[]>) =>
          Promise.resolve({ y: y.map((place) => (right(place) ? 1 : 2) * x.data[place]) }),
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

Deno.test("quern bench: another's results that are not the reference's are told by its name, not timed", async () => {
  using device = await Device.open();
  const contenders = [
    copier("right one", () => true),
    copier("wrong one", (place) => place !== 1535),
  ];
  const [result] = await Array.fromAsync(benchKernels(device, "small", SIZES, {
    ...{ ops: /^copy$/, rounds: 1, contenders, tune: () => Promise.resolve(false) },
    speed: { fmaGflops: 1, matmulGflops: 1, copyGigabytesPerSecond: 1 },
  }));
  const { others, faults } = result as KernelResult;
  assertEquals([Object.keys(others), Object.keys(faults)], [["right one"], ["wrong one"]]);
  assertMatch(
    kernelRow(result),
    / {2}right 200 \(.+\) {2}wrong is wrong, so not timed: y \[1536\]: element 1535 is /,
  );
});

for (const [open, works] of [[openJax, 18], [openTorch, 32]] as const) {
  Deno.test(`${open.name}: what it computes is what the references say`, async () => {
    using device = await Device.open();
    await using contender = (await open())!;
    const checked: string[] = [];
    for (const { name, at } of KERNEL_CASES) {
      const one = { label: name, ...at(SIZES) };
      using trial = await TrialRun.create(device, () => {}, one);
      const numbers = { before: trial.before, expected: trial.expected(one.reference) };
      const prepared = await prepareChecked(contender, name, one, numbers);
      assertEquals(prepared?.fault, undefined, name);
      if (prepared) checked.push(name);
    }
    assertEquals(checked.length, works, checked.join());
  });
}

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
  assertEquals(times.get("fast"), { rounds: 3, medianMs: 1, lowMs: 1, highMs: 1, cpuMs: 2 });
  const slow = { medianMs: 200, lowMs: 200, highMs: 200, cpuMs: 400 };
  assertEquals(times.get("slow"), { rounds: 3, ...slow });
  assertEquals(turns.slice(-6), ["fast", "slow", "fast", "slow", "fast", "slow"]);
});

Deno.test("timeInTurn: slow works have fewer turns, one at least", async () => {
  for (const [ms, rounds] of [[1000, 5], [3000, 3], [60_000, 1]]) {
    const run = (runs: number) => Promise.resolve({ ms: runs * ms, cpuMs: 0 });
    const times = await timeInTurn(new Map([["slow", run]]), 5);
    assertEquals(times.get("slow")!.rounds, rounds);
  }
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
