import { assert, assertEquals, assertMatch } from "@std/assert";
import { describePlan, type MemoryPlan } from "../../cli/memory_plan.ts";
import { inFolder, quern, TINY } from "./quern.ts";

const PERMISSIONS = ["--allow-write", "--allow-run=deno", "--allow-sys=systemMemoryInfo"];

Deno.test("quern doctor --model: tells what training takes and the largest batch, with --gpu-memory or a guess", async () => {
  const args = ["doctor", "--model", "nano", "--batch-size", "8"];
  const { code, stdout } = await quern([...args, "--gpu-memory", "400000000"]);
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^GPU memory to train nano with batches of 8\n {2}weights +[\d.]+ MiB\n {2}gradients .*\n {2}moments .*\n {2}activations .*\n {2}scratch .*\n {2}total .*\nOf 381\.5 MiB the largest batch that fits has [1-9]\d+ rows/,
  );
  const guessed = await quern([...args, "--json"], { permissions: PERMISSIONS });
  const plan: MemoryPlan = JSON.parse(guessed.stdout);
  assert(plan.gpuMemory.guess && plan.gpuMemory.bytes > 2 ** 28);
  assert(plan.memory!.weights === 4 * (50257 + 64) * 128 + 4 * 4 * (12 * 128 + 13) * 128 + 1024);
});

Deno.test("quern train --dry-run: makes no run, and counts what the run's options ask for", () =>
  inFolder(async (cwd) => {
    const args = [
      "train",
      ...TINY,
      "--out",
      "run",
      "--dry-run",
      "--gpu-memory",
      "9000000",
      "--json",
    ];
    const plans = await Promise.all(
      [args, [...args, "--layers", "4"], [...args, "--layers", "4", "--recompute"]].map(
        async (args) => JSON.parse((await quern(args, { cwd })).stdout) as MemoryPlan,
      ),
    );
    const [one, four, again] = plans.map(({ memory }) => memory!);
    assert(four.weights > one.weights && four.activations > again.activations);
    assertEquals(again.weights, four.weights);
    assertEquals(
      await Deno.stat(`${cwd}/run`).catch((error) => error instanceof Deno.errors.NotFound),
      true,
    );
  }));

Deno.test("describePlan: a batch over the adapter's limits names the tensor", () => {
  const limit = "Cannot bind wide";
  const plan = {
    ...{ batchSize: 9, limit, gpuMemory: { bytes: 2 ** 30, guess: true } },
    largest: { rows: 8, limit },
  };
  assertEquals(
    describePlan("gpt2", plan),
    "GPU memory to train gpt2 with batches of 9\n  Cannot bind wide\n" +
      "Of 1 GiB (a guess) the largest batch that fits has 8 rows; with one more: Cannot bind wide",
  );
});
