import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { Gpt, TRAIN_DEFAULTS } from "../../../model/mod.ts";
import { TrainingStep } from "../../../model/trainer/mod.ts";
import { TINY, tinyModel } from "../tiny.ts";

/** B rows of T ids below V, and what follows each. */
function batchOf(B: number, T: number, V: number) {
  const ids = Array.from({ length: B * T + 1 }, (_, i) => (i * 7919) % V);
  return {
    ...{ index: 0, B, T },
    tokens: Uint32Array.from(ids.slice(0, -1)),
    targets: Int32Array.from(ids.slice(1)),
  };
}

Deno.test("Gpt.create: GPT-2's initialisation", async () => {
  using device = await Device.open();
  const shape = { layers: 8, heads: 2, channels: 64, context: 64, vocabularySize: 300 };
  using model = Gpt.create(device, { ...TINY, ...shape, tie: false }, { seed: 3 });
  for (const [name, tensor] of model.parameters.tensors) {
    const values = await tensor.read() as Float32Array;
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    const [wantedMean, wanted] = tensor.shape.length === 1
      ? [name.endsWith("weight") ? 1 : 0, 0]
      : [0, name.endsWith("c_proj.weight") ? 0.02 / 4 : 0.02];
    assertAlmostEquals(mean, wantedMean, 1e-3, name);
    assertAlmostEquals(Math.sqrt(variance), wanted, 0.1 * wanted + 1e-9, name);
  }
});

Deno.test("Gpt: a model that is saved and loaded has the same bits", async () => {
  using device = await Device.open();
  for (const config of [{}, { bias: false }, { tie: false }]) {
    using model = tinyModel(device, config);
    model.tokenizer = { version: "1.0" };
    const folder = await Deno.makeTempDir();
    try {
      await model.save(folder);
      using loaded = await Gpt.load(device, folder);
      assertEquals(loaded.config, model.config);
      assertEquals(loaded.tokenizer, model.tokenizer);
      for (const [name, tensor] of model.parameters.tensors) {
        assertEquals(await loaded.parameters.get(name).read(), await tensor.read(), name);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
});

Deno.test("TrainingStep: small bindings and logits in parts change nothing but rounding", async () => {
  const losses: number[][] = [];
  const options = { ...TRAIN_DEFAULTS, batchSize: 3, context: 32 };
  const shape = { vocabularySize: 600, channels: 96, context: 32 };
  // The token embedding takes 230,400 bytes and so do the logits of all 96 rows.
  for (const maxBindingBytes of [undefined, 160 * 1024]) {
    using device = await Device.open({ maxBindingBytes });
    using model = tinyModel(device, shape);
    using step = await TrainingStep.create(model, options);
    for (let i = 1; i <= 5; i++) step.run([batchOf(3, 32, 600)], i, 1e-3);
    losses.push((await step.read()).map(({ loss }) => loss));
  }
  assert(losses[0][4] < losses[0][0]);
  for (const other of losses.slice(1)) {
    losses[0].forEach((loss, i) => assertAlmostEquals(other[i], loss, 1e-5));
  }
});

Deno.test("gpt2: 124M parameters take real steps at 128 MiB a binding", async () => {
  using device = await Device.open({ maxBindingBytes: 128 * 2 ** 20 });
  const shape = { layers: 12, heads: 12, channels: 768, context: 1024, vocabularySize: 50257 };
  using model = Gpt.create(device, { ...TINY, ...shape }, { seed: 1 });
  assertEquals(model.parameterCount, 124_439_808);
  using step = await TrainingStep.create(model, { ...TRAIN_DEFAULTS, batchSize: 1, context: 16 });
  for (let i = 1; i <= 3; i++) step.run([batchOf(1, 16, 50257)], i, 3e-4);
  const losses = (await step.read()).map(({ loss }) => loss);
  assertAlmostEquals(losses[0], Math.log(50257), 0.5);
  assert(losses[2] < losses[0] - 0.5, `losses ${losses}`);
});
