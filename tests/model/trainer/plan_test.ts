import { assert, assertEquals, assertMatch } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { largestBatch, planTraining, PRESETS, Trainer } from "../../../model/mod.ts";
import { createHead } from "../../../model/gpt/mod.ts";
import { TINY, tinyModel } from "../tiny.ts";

const GPT2 = { ...PRESETS.gpt2, vocabularySize: 50257, dropout: 0, bias: true, tie: true };

Deno.test("planTraining: what it counts is what a trainer allocates, by kind, and it allocates nothing", async () => {
  using device = await Device.open();
  const nano = { ...PRESETS.nano, vocabularySize: 65 };
  for (
    const shape of [{}, { dropout: 0.1, tie: false }, { bias: false, vocabularySize: 5000 }, nano]
  ) {
    for (const recompute of [false, true]) {
      const options = { batchSize: 3, recompute };
      const config = { ...TINY, ...shape };
      const plan = await planTraining(device, config, options);
      assertEquals(device.allocatedBytes, 0);
      using model = tinyModel(device, shape);
      using trainer = await Trainer.create(model, options);
      assertEquals(plan, trainer.memory);
      assertEquals(plan.total, device.allocatedBytes);
    }
  }
});

Deno.test("planTraining: gpt2 at 4,096 tokens holds no full logits and no scores of all pairs", async () => {
  using device = await Device.open();
  const [tokens, { layers, channels: C, heads }] = [4096, GPT2];
  {
    using plan = device.planning();
    using _ = createHead(plan, GPT2, { B: 4, T: 1024 });
    assert(plan.allocatedBytes < 4 * tokens * GPT2.vocabularySize / 12);
  }
  const plan = await planTraining(device, GPT2, { batchSize: 4 });
  const kept = 4 * tokens * (layers * (16 * C + 4 + heads) + 4 * C);
  assert(plan.activations < 1.01 * kept, `${plan.activations} bytes, ${kept} in what is kept`);
  const again = await planTraining(device, GPT2, { batchSize: 4, recompute: true });
  const block = 4 * tokens * (16 * C + 4 + heads);
  assertEquals(plan.activations - again.activations, (layers - 1) * (block - 4 * tokens * C));
  assertEquals({ ...again, activations: 0, total: 0 }, { ...plan, activations: 0, total: 0 });
});

Deno.test("largestBatch: the next batch does not fit, or has a tensor over the limits", async () => {
  using device = await Device.open();
  const maxBytes = 2 * 2 ** 20;
  const { rows, limit } = await largestBatch(device, TINY, {}, maxBytes);
  const total = async (batchSize: number) =>
    (await planTraining(device, TINY, { batchSize })).total;
  assert(rows > 1 && limit === undefined);
  assert(await total(rows) <= maxBytes && await total(rows + 1) > maxBytes);
  assertEquals(await largestBatch(device, TINY, {}, 1000), { rows: 0 });
  using small = await Device.open({ maxBindingBytes: 64 * 1024 });
  // GELU's input, [8·B, 64] of 4 bytes, fills a binding with 32 rows.
  const bound = await largestBatch(small, TINY, {}, Infinity);
  assertEquals(bound.rows, 32);
  assertMatch(
    bound.limit!,
    /\[264,64\] to .*: 67584 bytes are over this adapter's 65536 a binding/,
  );
});
