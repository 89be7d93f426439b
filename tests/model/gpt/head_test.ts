import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ExampleSet, taskBatches } from "../../../data/mod.ts";
import { Device } from "../../../kernels/mod.ts";
import { Evaluator, generate, Gpt, Trainer } from "../../../model/mod.ts";
import { testTaskGolden } from "../task_goldens.ts";
import { TINY, tinyModel } from "../tiny.ts";

for (const name of ["text_head", "text_several", "token_head", "token_head_no_bias"]) {
  testTaskGolden(name);
}

const TEXT_HEAD = { of: "text", labels: ["low", "high"] } as const;

/** Texts of two classes that a model can tell: those of small tokens and those of large ones. */
function textsOf(count: number): ExampleSet {
  const set = new ExampleSet();
  for (let i = 0; i < count; i++) {
    const n = 2 + i % 6;
    const tokens = Uint32Array.from({ length: n }, (_, t) => (3 * i + 5 * t) % 10 + 11 * (i % 2));
    const targets = new Int32Array(n).fill(-1);
    targets[n - 1] = i % 2;
    set.add({ tokens, targets, place: { path: "texts", line: i + 1, offset: 0 } });
  }
  return set;
}

for (const precision of ["f32", "f16"] as const) {
  Deno.test(`a head over texts in ${precision}: learns to tell them, rows of no text change nothing`, async () => {
    using device = await Device.open();
    using model = tinyModel(device, { head: TEXT_HEAD });
    const lengths = [4, 8];
    const rows = { batchSize: 6, context: 8, lengths, order: "shuffled", seed: 1 } as const;
    const options = { batchSize: 6, lengths, iterations: 40, learningRate: 1e-2, evalInterval: 0 };
    using trainer = await Trainer.create(model, { ...options, precision });
    for await (const _ of trainer.train({ batches: taskBatches(textsOf(60), rows) }));
    using evaluator = await Evaluator.create(model, { B: 6, T: 8, lengths });
    const found: number[] = [];
    const once = { ...rows, order: "sequential", epochs: 1 } as const;
    const { weight } = await evaluator.measure(
      taskBatches(textsOf(20), once),
      (batch, { logits }) => {
        batch.rows.forEach((row, b) => {
          if (row >= 0) found[row] = logits![2 * b + 1] > logits![2 * b] ? 1 : 0;
        });
      },
    );
    assertEquals(weight, 20);
    assertEquals(found, Array.from({ length: 20 }, (_, i) => i % 2));
  });
}

Deno.test("a head: saved and loaded as transformers' GPT2For…, and put on another model's body", async () => {
  using device = await Device.open();
  const folder = await Deno.makeTempDir();
  try {
    using model = tinyModel(device, { head: { ...TEXT_HEAD, padId: 3 } });
    await model.save(folder);
    const json = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
    assertEquals(json.architectures, ["GPT2ForSequenceClassification"]);
    assertEquals(json.id2label, { 0: "low", 1: "high" });
    assertEquals([json.pad_token_id, json.problem_type], [3, "single_label_classification"]);
    using loaded = await Gpt.load(device, folder);
    assertEquals(loaded.config, model.config);
    const name = "score.weight";
    assertEquals(
      await loaded.parameters.get(name).read(),
      await model.parameters.get(name).read(),
    );
    const head = { of: "token", labels: ["O", "B-X", "I-X"] } as const;
    using other = await Gpt.load(device, folder, { head });
    assertEquals(
      [...other.parameters.tensors.keys()].filter((key) => !key.includes("transformer")),
      [
        "classifier.weight",
        "classifier.bias",
      ],
    );
    assertEquals(
      await other.parameters.get("transformer.wte.weight").read(),
      await model.parameters.get("transformer.wte.weight").read(),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a head: labels that cannot be, and batches that are no texts, are refused", async () => {
  using device = await Device.open();
  using teller = tinyModel(device, { head: TEXT_HEAD });
  await assertRejects(
    () => Array.fromAsync(generate(teller, [1], { tokens: 2, seed: 1 })),
    TypeError,
    "Cannot write text: this model tells texts apart (low, high)",
  );
  assertThrows(
    () => Gpt.create(device, { ...TINY, head: { of: "text", labels: ["a", "a"] } }, { seed: 1 }),
    RangeError,
    "labels must differ, got a, a",
  );
  using model = tinyModel(device, { head: TEXT_HEAD });
  using trainer = await Trainer.create(model, { batchSize: 1, iterations: 1 });
  const batch = { index: 0, B: 1, T: 8, tokens: new Uint32Array(8), targets: new Int32Array(8) };
  await assertRejects(
    () => Array.fromAsync(trainer.train({ batches: ReadableStream.from([batch]) })),
    TypeError,
    "Cannot train a head over texts on these batches: wanted the batches of a task",
  );
});
