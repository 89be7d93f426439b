import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { assertConfig, planTraining, PRESETS, Trainer } from "../../../model/mod.ts";
import { batches } from "../../../data/mod.ts";
import { testTaskGolden } from "../task_goldens.ts";
import { TINY, tinyModel, tinyTokens } from "../tiny.ts";

for (const name of ["lora", "lora_head"]) testTaskGolden(name);

const LORA = { rank: 8, alpha: 16, dropout: 0, targets: ["c_attn"] };

Deno.test("LoRA on gpt2: under 1% is trained; gradients and moments shrink in proportion, planned", async () => {
  using device = await Device.open();
  const more = { vocabularySize: 50257, dropout: 0, bias: true, tie: true };
  const config = { ...PRESETS.gpt2, ...more };
  const options = { batchSize: 1, context: 64 };
  const before = device.allocatedBytes;
  const whole = await planTraining(device, config, options);
  const adapted = await planTraining(device, { ...config, lora: LORA }, options);
  assertEquals(device.allocatedBytes, before, "nothing is allocated to plan");
  const trained = 12 * (8 * 768 + 8 * 3 * 768);
  assertEquals(adapted.gradients, 4 * trained);
  assertEquals(adapted.moments, 8 * trained);
  const share = trained / (whole.weights / 4);
  assert(share < 0.01, `${100 * share}%`);
  assertAlmostEquals(adapted.gradients / whole.gradients, share, 1e-3);
});

Deno.test("LoRA: the model's weights keep their bits, its dropout is repeatable", async () => {
  using device = await Device.open();
  const run = async (seed: number) => {
    using model = tinyModel(device, { lora: { ...LORA, rank: 2, dropout: 0.3 } });
    const names = ["transformer.wte.weight", "transformer.h.0.attn.c_attn.weight"];
    const read = () => Promise.all(names.map((name) => model.parameters.get(name).read()));
    const first = await read();
    const options = { batchSize: 3, iterations: 6, learningRate: 1e-2, warmupIterations: 0, seed };
    using trainer = await Trainer.create(model, options);
    const rows = { batchSize: 3, context: 8, order: "shuffled", seed: 1 } as const;
    const events = await Array.fromAsync(trainer.train({ batches: batches(tinyTokens(), rows) }));
    assertEquals(await read(), first);
    return events.flatMap((event) => event.type === "step" ? [event.loss] : []);
  };
  const losses = await run(1);
  assertEquals(await run(1), losses);
  assert((await run(2))[3] !== losses[3], "another seed drops other elements");
  assert(losses[5] < losses[0], `${losses}`);
});

Deno.test("LoRA: what cannot be adapted is refused by name", () => {
  const cases: [Partial<typeof LORA>, string][] = [
    [{ rank: 0 }, "rank must be a whole number of at least 1, got 0"],
    [{ alpha: 0 }, "alpha must be above 0, got 0"],
    [{ targets: ["q_proj"] }, "mlp.c_proj, got q_proj"],
    [{ targets: [] }, "got none"],
  ];
  for (const [change, message] of cases) {
    assertThrows(
      () => assertConfig({ ...TINY, lora: { ...LORA, ...change } }),
      RangeError,
      message,
    );
  }
});
