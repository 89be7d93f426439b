import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { batches } from "../../../data/mod.ts";
import { Device, GpuError } from "../../../kernels/mod.ts";
import { Gpt, planTraining, Trainer, type TrainOptions } from "../../../model/mod.ts";
import { TRAIN_DEFAULTS, TrainingStep } from "../../../model/trainer/mod.ts";
import { openGolden } from "../../golden/golden.ts";
import { TINY, tinyModel, tinyTokens } from "../tiny.ts";

const OPTIONS: Partial<TrainOptions> = {
  ...{ batchSize: 3, iterations: 40, learningRate: 1e-2, warmupIterations: 2, precision: "f16" },
  ...{ evalInterval: 0, saveInterval: 20, sampleInterval: 0, decayIterations: 40 },
};

async function follow(trainer: Trainer, folder?: string) {
  const start = trainer.iteration;
  const rows = { batchSize: 3, context: 8, order: "shuffled", seed: 1, start } as const;
  const inputs = { batches: batches(tinyTokens(), rows), folder };
  const events = await Array.fromAsync(trainer.train(inputs));
  return events.filter((event) => event.type === "step");
}

Deno.test("f16: ten AdamW losses stay near PyTorch's in f32", async () => {
  using device = await Device.open();
  using golden = await openGolden("tied_bias");
  const { batch, adamw } = golden;
  using model = await golden.model(device);
  const { B: batchSize, T: context } = batch;
  const options = { ...TRAIN_DEFAULTS, ...adamw, batchSize, context, precision: "f16" } as const;
  using step = await TrainingStep.create(model, options);
  golden.losses.forEach((_, i) => step.run([batch], i + 1, adamw.learningRate));
  for (const [i, { loss, skipped }] of (await step.read()).entries()) {
    assert(!skipped);
    assertAlmostEquals(loss, golden.losses[i], 1e-2, `loss ${i}`);
  }
});

Deno.test("f16: it learns as in f32, and goes on from a checkpoint with the same bits", async () => {
  using device = await Device.open();
  const folder = await Deno.makeTempDir();
  try {
    using model = tinyModel(device);
    using trainer = await Trainer.create(model, OPTIONS);
    const whole = await follow(trainer, folder);
    const weights = await model.parameters.arenas[0].tensor.read();
    using exact = tinyModel(device);
    using reference = await Trainer.create(exact, { ...OPTIONS, precision: "f32" });
    const losses = (await follow(reference)).map(({ loss }) => loss);
    whole.forEach(({ loss }, i) => assertAlmostEquals(loss, losses[i], 0.02));
    assert(losses[39] < losses[0] - 0.5);
    using again = tinyModel(device);
    using recomputing = await Trainer.create(again, { ...OPTIONS, recompute: true });
    const recomputed = await follow(recomputing);
    assertEquals(recomputed.map(({ loss }) => loss), whole.map(({ loss }) => loss));
    const checkpoint = `${folder}/checkpoints/step-000020`;
    using loaded = await Gpt.load(device, checkpoint);
    using resumed = await Trainer.resume(loaded, checkpoint, OPTIONS);
    const rest = await follow(resumed);
    const told = ({ loss, skippedSteps }: typeof whole[number]) => [loss, skippedSteps];
    assertEquals(rest.map(told), whole.slice(20).map(told));
    assertEquals(await loaded.parameters.arenas[0].tensor.read(), weights);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("f16: a step whose scaled gradient is infinite changes nothing but the scale, and is counted", async () => {
  using device = await Device.open();
  using model = tinyModel(device);
  const options = { ...TRAIN_DEFAULTS, ...OPTIONS, context: 8 };
  using step = await TrainingStep.create(model, options);
  step.half!.restore({ scale: 2 ** 24, steps: 5 });
  const before = await model.parameters.arenas[0].tensor.read();
  const rows = { batchSize: 3, context: 8, order: "sequential", seed: 1 } as const;
  const reader = batches(tinyTokens(), rows).getReader();
  step.run([(await reader.read()).value!], 1, 1e-2);
  const [{ loss, gradientNorm, skipped }] = await step.read();
  assert(skipped && !Number.isFinite(gradientNorm) && Number.isFinite(loss));
  assertEquals(await step.half!.read(), { scale: 2 ** 23, steps: 0 });
  assertEquals(await model.parameters.arenas[0].tensor.read(), before);
  for (let i = 0; i < 12; i++) {
    step.run([(await reader.read()).value!], i + 2, 1e-2);
  }
  const later = await step.read();
  assert(!later.at(-1)!.skipped, "the scale falls until gradients are finite");
  assert((await model.parameters.arenas[0].tensor.read()).some((value, i) => value !== before[i]));
});

Deno.test("f16: activations take half the memory, and the plan counts what is allocated", async () => {
  using device = await Device.open();
  const config = { ...TINY, channels: 64, layers: 4 };
  const [full, half] = await Promise.all(
    (["f32", "f16"] as const).map((precision) =>
      planTraining(device, config, { batchSize: 4, precision })
    ),
  );
  // Of 16·C numbers that a block keeps of a token, 14·C are operands of products.
  assert(half.activations < 0.6 * full.activations);
  assert(half.weights > full.weights && half.weights < 1.51 * full.weights);
  using model = Gpt.create(device, config, { seed: 1 });
  using trainer = await Trainer.create(model, { batchSize: 4, precision: "f16" });
  assertEquals(trainer.memory, half);
});

Deno.test("f16: a device without it is refused, and what it has is named", async () => {
  using device = await Device.open({ f16: false });
  using model = tinyModel(device);
  await assertRejects(
    () => Trainer.create(model, OPTIONS),
    GpuError,
    "in f16: it needs the feature shader-f16, this device has ",
  );
});
