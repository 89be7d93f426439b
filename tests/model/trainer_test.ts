import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { batches, evaluationBatches } from "../../data/mod.ts";
import { Device } from "../../kernels/mod.ts";
import {
  findCheckpoint,
  Gpt,
  type GptConfig,
  listCheckpoints,
  Trainer,
  type TrainEvent,
  type TrainInputs,
  type TrainOptions,
} from "../../model/mod.ts";
import { tinyModel, tinyTokens } from "./tiny.ts";

const OPTIONS: Partial<TrainOptions> = {
  ...{ batchSize: 3, iterations: 12, learningRate: 1e-2, warmupIterations: 2 },
  ...{ evalInterval: 4, saveInterval: 4, sampleInterval: 0, decayIterations: 12 },
};

async function train(
  device: Device,
  inputs: Partial<TrainInputs> = {},
  options: Partial<TrainOptions> = {},
  config: Partial<GptConfig> = {},
): Promise<{ events: TrainEvent[]; losses: number[]; weights: Float32Array }> {
  using model = tinyModel(device, config);
  using trainer = await Trainer.create(model, { ...OPTIONS, ...options });
  return await follow(trainer, model, inputs);
}

async function follow(trainer: Trainer, model: Gpt, inputs: Partial<TrainInputs>) {
  const { batchSize, accumulationSteps } = trainer.options;
  const start = trainer.iteration * accumulationSteps;
  const rows = { batchSize, context: 8, order: "shuffled", seed: 1, start } as const;
  const all = { batches: batches(tinyTokens(), rows), ...inputs };
  const events = await Array.fromAsync(trainer.train(all));
  const losses = events.flatMap((event) => event.type === "step" ? [event.loss] : []);
  const weights = await model.parameters.arenas[0].tensor.read() as Float32Array;
  return { events, losses, weights };
}

async function inRun(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("Trainer: the same seed gives the same bits, with dropout too", async () => {
  using device = await Device.open();
  const [first, second] = [
    await train(device, {}, {}, { dropout: 0.2 }),
    await train(device, {}, {}, { dropout: 0.2 }),
  ];
  assertEquals(first.losses, second.losses);
  assertEquals(first.weights, second.weights);
  const other = await train(device, {}, { seed: 2 }, { dropout: 0.2 });
  assert(other.losses[0] !== first.losses[0], "another seed drops other elements");
});

Deno.test("Trainer: accumulated micro-batches equal one large batch", async () => {
  using device = await Device.open();
  const large = await train(device, {}, { batchSize: 6 });
  const small = await train(device, {}, { batchSize: 3, accumulationSteps: 2 });
  for (const [i, loss] of large.losses.entries()) {
    // Sums of the same numbers in another order: f32 rounding, which twelve updates carry on.
    assertAlmostEquals(small.losses[i], loss, 2e-5);
  }
});

Deno.test("Trainer: it learns, and each iteration is one event, counted from 1", async () => {
  using device = await Device.open();
  const { events, losses } = await train(device, {}, { iterations: 60, decayIterations: 60 });
  const steps = events.filter((event) => event.type === "step");
  assertEquals(
    steps.map(({ iteration }) => iteration),
    Array.from({ length: 60 }, (_, i) => i + 1),
  );
  assert(losses[59] < losses[0] - 0.5, `${losses[59]} after ${losses[0]}`);
  assertEquals(events[0], {
    ...{ type: "start", iteration: 0, iterations: 60, tokensPerIteration: 24 },
    parameters: 7088,
  });
  assertEquals(events.at(-1), { type: "end", iteration: 60, interrupted: false });
});

Deno.test("Trainer: evaluates, saves and samples when due, and after the last iteration", () =>
  inRun(async (folder) => {
    using device = await Device.open();
    const validation = () => evaluationBatches(tinyTokens(60), { batchSize: 3, context: 8 });
    const inputs = { folder, validation, sample: () => Promise.resolve("text") };
    const options = { iterations: 10, evalInterval: 4, saveInterval: 3, sampleInterval: 5 };
    const { events } = await train(device, inputs, options);
    const due = (type: string) =>
      events.flatMap((event) => event.type === type ? [event.iteration] : []);
    assertEquals(due("evaluation"), [4, 8, 10]);
    assertEquals(due("sample"), [5, 10]);
    const saved = due("checkpoint");
    for (const iteration of [3, 6, 9, 10]) assert(saved.includes(iteration));
    const losses = events.flatMap((e) => e.type === "evaluation" ? [e.validationLoss] : []);
    const best = [4, 8, 10][losses.indexOf(Math.min(...losses))];
    const kept = (await listCheckpoints(folder)).map(({ iteration }) => iteration);
    assertEquals(kept, [...new Set([...saved.slice(-2), best])].sort((a, b) => a - b));
  }));

Deno.test("Trainer: activations computed again on the way back have the same bits, with dropout too", async () => {
  using device = await Device.open();
  const config = { layers: 3, dropout: 0.2 };
  const [kept, again] = [
    await train(device, {}, {}, config),
    await train(device, {}, { recompute: true }, config),
  ];
  assertEquals(again.losses, kept.losses);
  assertEquals(again.weights, kept.weights);
});

Deno.test("Trainer: the best by score is kept, and it ends where it gets no better", () =>
  inRun(async (folder) => {
    using device = await Device.open();
    const scores = [0.5, 0.75, 0.75, 0.25, 1];
    const evaluate = () => Promise.resolve({ validationLoss: 1, score: scores.shift()! });
    const options = { iterations: 20, evalInterval: 2, saveInterval: 2, keepCheckpoints: 1 };
    const { events } = await train(device, { folder, evaluate }, { ...options, patience: 2 });
    assertEquals(events.at(-1), { type: "end", iteration: 8, interrupted: false, early: true });
    const kept = await listCheckpoints(folder);
    assertEquals(kept.map(({ iteration, score }) => [iteration, score]), [[4, 0.75], [8, 0.25]]);
    assertEquals(await findCheckpoint(folder, "best"), kept[0].folder);
  }));

Deno.test("Trainer: of equal scores that with the lower loss is the best", () =>
  inRun(async (folder) => {
    using device = await Device.open();
    const losses = [3, 2, 1, 4, 5];
    const evaluate = () => Promise.resolve({ validationLoss: losses.shift()!, score: 0 });
    const options = { iterations: 20, evalInterval: 2, saveInterval: 2, keepCheckpoints: 1 };
    const { events } = await train(device, { folder, evaluate }, { ...options, patience: 2 });
    assertEquals(events.at(-1), { type: "end", iteration: 10, interrupted: false, early: true });
    const kept = await listCheckpoints(folder);
    assertEquals(kept.map(({ iteration }) => iteration), [6, 10]);
    assertEquals(await findCheckpoint(folder, "best"), kept[0].folder);
  }));

Deno.test("Trainer.resume: every later loss has the same bits, with dropout too", () =>
  inRun(async (folder) => {
    using device = await Device.open();
    const config = { dropout: 0.1 };
    const whole = await train(device, { folder }, { keepCheckpoints: 9 }, config);
    const checkpoint = `${folder}/checkpoints/step-000008`;
    using loaded = await Gpt.load(device, checkpoint, config);
    using trainer = await Trainer.resume(loaded, checkpoint, OPTIONS);
    const rest = await follow(trainer, loaded, {});
    assertEquals(rest.losses, whole.losses.slice(8));
    assertEquals(rest.weights, whole.weights);
  }));

Deno.test("Trainer.resume: evaluations that brought nothing better still count", () =>
  inRun(async (folder) => {
    using device = await Device.open();
    const scores = [1, 0.5, 0.5, 0.5];
    const evaluate = () => Promise.resolve({ validationLoss: 1, score: scores.shift()! });
    const options = { evalInterval: 2, saveInterval: 2, patience: 2 };
    await train(device, { folder, evaluate }, { ...options, iterations: 4 });
    const checkpoint = `${folder}/checkpoints/step-000004`;
    using loaded = await Gpt.load(device, checkpoint);
    using trainer = await Trainer.resume(loaded, checkpoint, { ...OPTIONS, ...options });
    const { events } = await follow(trainer, loaded, { evaluate });
    assertEquals(events.at(-1), { type: "end", iteration: 6, interrupted: false, early: true });
  }));

Deno.test("Trainer: the signal ends it after the iteration under way, and saves", () =>
  inRun(async (folder) => {
    using device = await Device.open();
    using model = tinyModel(device);
    using trainer = await Trainer.create(model, { ...OPTIONS, iterations: 5000, saveInterval: 0 });
    const abort = new AbortController();
    const rows = { batchSize: 3, context: 8, order: "shuffled", seed: 1 } as const;
    const events: TrainEvent[] = [];
    const inputs = { batches: batches(tinyTokens(), rows), folder, signal: abort.signal };
    for await (const event of trainer.train(inputs)) {
      events.push(event);
      abort.abort();
    }
    const end = events.at(-1)!;
    assertEquals(end, { type: "end", iteration: end.iteration, interrupted: true });
    assertEquals(
      (await listCheckpoints(folder)).map((c) => c.iteration),
      [end.iteration].filter(Boolean),
    );
  }));

Deno.test("Trainer: a loss that is no number names the iteration and the last good checkpoint", async () => {
  using device = await Device.open();
  await assertRejects(
    () => train(device, {}, { learningRate: 1e30, gradientClip: 0, warmupIterations: 0 }),
    Error,
    "at iteration 2; there is no checkpoint yet. Go on with a lower learning rate",
  );
});

Deno.test("Trainer: options out of range and batches of another shape are refused", async () => {
  using device = await Device.open();
  await assertRejects(
    () => train(device, {}, { batchSize: 0 }),
    RangeError,
    "Cannot train: batchSize must be a whole number of at least 1, got 0",
  );
  const rows = { batchSize: 2, context: 8, order: "shuffled", seed: 1 } as const;
  await assertRejects(
    () => train(device, { batches: batches(tinyTokens(), rows) }),
    RangeError,
    "Cannot write 16 elements to tokens [3,8]: it has 24",
  );
});

Deno.test("Trainer: nothing is allocated while it trains", async () => {
  using device = await Device.open();
  using model = tinyModel(device);
  using trainer = await Trainer.create(model, { ...OPTIONS, iterations: 30 });
  const before = device.allocatedBytes;
  const rows = { batchSize: 3, context: 8, order: "sequential", seed: 1 } as const;
  for await (const _ of trainer.train({ batches: batches(tinyTokens(), rows) })) {
    assertEquals(device.allocatedBytes, before);
  }
});
