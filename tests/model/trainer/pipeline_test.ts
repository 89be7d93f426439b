import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Batch, batches } from "../../../data/mod.ts";
import { Device } from "../../../kernels/mod.ts";
import { TRAIN_DEFAULTS, TrainingStep } from "../../../model/trainer/mod.ts";
import { StepPipeline } from "../../../model/trainer/pipeline.ts";
import { tinyModel, tinyTokens } from "../tiny.ts";

const OPTIONS = { ...TRAIN_DEFAULTS, batchSize: 3, context: 8, iterations: 40 };

/** What the host does with a step, in order. */
async function follow(
  work: (pipeline: StepPipeline, told: string[]) => Promise<void>,
  limit = 100,
): Promise<string[]> {
  const told: string[] = [];
  using device = await Device.open();
  using model = tinyModel(device);
  using step = await TrainingStep.create(model, OPTIONS);
  const watched = Object.create(step, {
    run: {
      value: (...args: Parameters<TrainingStep["run"]>) => {
        told.push(`run ${args[1]}`);
        step.run(...args);
      },
    },
    read: {
      value: async () => {
        const reading = step.read();
        told.push("idle");
        const results = await reading;
        told.push(`read ${results.length}`);
        return results;
      },
    },
  }) as TrainingStep;
  const rows = { batchSize: 3, context: 8, order: "shuffled", seed: 1 } as const;
  const limited = ReadableStream.from(take(batches(tinyTokens(), rows), limit));
  await work(new StepPipeline(watched, OPTIONS, limited.getReader()), told);
  return told;
}

async function* take(stream: ReadableStream<Batch>, count: number): AsyncGenerator<Batch> {
  const reader = stream.getReader();
  for (let i = 0; i < count; i++) yield (await reader.read()).value!;
}

Deno.test("StepPipeline: the next group is handed over when the GPU is idle, before results arrive", async () => {
  let losses = 0;
  const told = await follow(async (pipeline) => {
    for await (const group of pipeline.run(0, 30, () => true)) losses += group.results.length;
  });
  assertEquals(losses, 30);
  const runs = told.filter((each) => each.startsWith("run"));
  assertEquals(runs, Array.from({ length: 30 }, (_, i) => `run ${i + 1}`));
  // Whatever the machine's speed, the group after the first is on its way before the first is read.
  assertEquals(told.slice(0, 3), ["run 1", "idle", "run 2"]);
  const last = told.lastIndexOf("run 30");
  assert(told.slice(last).join().startsWith("run 30,read"), told.join());
});

Deno.test("StepPipeline: where it is told to stop, what runs is finished and nothing begun", async () => {
  const told = await follow(async (pipeline) => {
    let more = true;
    const iterations: number[] = [];
    for await (const { results } of pipeline.run(4, 40, () => more)) {
      iterations.push(results.length);
      more = false;
    }
    assertEquals(iterations.length, 2);
  });
  assertEquals(told.slice(0, 5), ["run 5", "idle", "run 6", "read 1", "idle"]);
  assertEquals(told.filter((each) => each.startsWith("read")).length, 2);
});

Deno.test("StepPipeline: what was done before the batches ended is told before the error", async () => {
  let done = 0;
  await follow(async (pipeline) => {
    await assertRejects(
      async () => {
        for await (const { results } of pipeline.run(0, 40, () => true)) done += results.length;
      },
      RangeError,
      "of 40",
    );
  }, 2);
  assert(done >= 1, `${done} iterations told`);
});

Deno.test("StepPipeline: handing over the next group takes none of the time of the last", async () => {
  const handed: number[] = [];
  const slow = {
    run(_: unknown, iteration: number) {
      const end = performance.now() + (iteration > 1 ? 100 : 0);
      while (performance.now() < end);
      handed.push(iteration);
    },
    read: () => Promise.resolve(handed.splice(0).map(() => ({ loss: 1, gradientNorm: 1 }))),
  } as unknown as TrainingStep;
  const rows = { batchSize: 3, context: 8, order: "shuffled", seed: 1 } as const;
  const reader = batches(tinyTokens(), rows).getReader();
  const seconds: number[] = [];
  for await (const group of new StepPipeline(slow, OPTIONS, reader).run(0, 2, () => true)) {
    seconds.push(group.seconds);
  }
  assert(seconds[0] < 0.1 && seconds[1] >= 0.1, `${seconds}`);
});

Deno.test("StepPipeline.profile: one iteration, its kernels in order, and the same loss", async () => {
  const losses: number[] = [];
  await follow(async (pipeline) => {
    for await (const { results } of pipeline.run(0, 2, () => true)) {
      losses.push(...results.map(({ loss }) => loss));
    }
  });
  await follow(async (pipeline) => {
    for await (const _ of pipeline.run(0, 1, () => true));
    const { group, spans } = await pipeline.profile(1);
    assertEquals(group.results[0].loss, losses[1]);
    const recordings = spans.map(({ recording }) => recording);
    assertEquals([...new Set(recordings)], ["zero gradients", "forward and backward", "update"]);
    assert(spans.some(({ operations }) => operations > 0));
  });
});
