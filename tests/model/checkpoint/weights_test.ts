import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  parameterShapes,
  SafetensorsFile,
  WeightsFile,
  writeSafetensors,
  writeWeights,
} from "../../../model/checkpoint/mod.ts";

const CONFIG = {
  layers: 2,
  heads: 2,
  channels: 4,
  context: 3,
  vocabularySize: 5,
  dropout: 0,
  bias: true,
  tie: true,
};

type Stored = Record<string, { shape: number[]; data: Float32Array }>;

/** The tensors of a model as a file would hold them; element values count up. */
function stored(config: typeof CONFIG): Stored {
  return Object.fromEntries(
    parameterShapes(config).map(({ name, shape }, i) => [name, {
      shape,
      data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, j) => i + j / 128),
    }]),
  );
}

async function withModel(tensors: Stored, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await writeSafetensors(
      `${folder}/model.safetensors`,
      Object.entries(tensors).map(([name, { shape, data }]) => ({ name, shape, read: () => data })),
    );
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("parameterShapes: has GPT-2's names and shapes", () => {
  const gpt2 = {
    layers: 12,
    heads: 12,
    channels: 768,
    context: 1024,
    vocabularySize: 50257,
    dropout: 0,
    bias: true,
    tie: true,
  };
  const shapes = parameterShapes(gpt2);
  const count = shapes.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
  assertEquals([shapes.length, count], [148, 124_439_808]);
  const of = Object.fromEntries(shapes.map(({ name, shape }) => [name, shape]));
  assertEquals(of["transformer.wte.weight"], [50257, 768]);
  assertEquals(of["transformer.h.11.attn.c_attn.weight"], [768, 2304]);
  assertEquals(of["transformer.h.11.attn.c_attn.bias"], [2304]);
  assertEquals(of["transformer.h.0.mlp.c_proj.weight"], [3072, 768]);
  assert(shapes.every(({ shape, decayed }) => decayed === (shape.length === 2)));
  const bare = parameterShapes({ ...gpt2, bias: false, tie: false });
  assertEquals(bare.length, 2 + 12 * 6 + 1 + 1);
  assertEquals(bare.at(-1), { name: "lm_head.weight", shape: [50257, 768], decayed: true });
});

Deno.test("weights: what was written is read, biases that a model has not as zeros", async () => {
  for (const bias of [true, false]) {
    for (const tie of [true, false]) {
      const config = { ...CONFIG, bias, tie };
      const tensors = stored(config);
      await withModel({}, async (folder) => {
        await writeWeights(`${folder}/model.safetensors`, config, (name) => tensors[name].data);
        using weights = await WeightsFile.open(folder, config);
        for (const [name, { data }] of Object.entries(tensors)) {
          assertEquals(await weights.read(name), data);
        }
        using file = SafetensorsFile.open(`${folder}/model.safetensors`);
        assertEquals(
          [...file.tensors.keys()].sort(),
          Object.keys(stored({ ...config, bias: true })).sort(),
        );
        assertEquals(
          (await file.read("transformer.h.1.ln_2.bias")).every((v) => v === 0),
          !bias,
        );
      });
    }
  }
});

Deno.test("weights: names without prefix, masks and a repeated output layer are read", async () => {
  const tensors = Object.fromEntries(
    Object.entries(stored(CONFIG)).map(([name, value]) => [
      name.replace("transformer.", ""),
      value,
    ]),
  );
  const mask = { shape: [1, 1, 3, 3], data: new Float32Array(9).fill(1) };
  const more = {
    "h.0.attn.bias": mask,
    "h.1.attn.masked_bias": { shape: [], data: Float32Array.of(-1e4) },
    "lm_head.weight": tensors["wte.weight"],
  };
  await withModel({ ...tensors, ...more }, async (folder) => {
    using weights = await WeightsFile.open(folder, CONFIG);
    assertEquals(await weights.read("transformer.wte.weight"), tensors["wte.weight"].data);
  });
});

Deno.test("weights: a file of another model is refused by what differs", async () => {
  const whole = stored(CONFIG);
  const { "transformer.wpe.weight": _, ...incomplete } = whole;
  const adapter = { shape: [1], data: Float32Array.of(1) };
  const cases: [Stored, typeof CONFIG, string][] = [
    [incomplete, CONFIG, "no tensor transformer.wpe.weight"],
    [
      whole,
      { ...CONFIG, vocabularySize: 6 },
      "transformer.wte.weight must be [6,4], got [5,4]",
    ],
    [whole, { ...CONFIG, channels: 8 }, "and 25 more"],
    [whole, { ...CONFIG, layers: 3 }, "no tensor transformer.h.2.ln_1.weight"],
    [whole, { ...CONFIG, layers: 1 }, "transformer.h.1.attn.c_attn.bias, which this model has not"],
    [whole, { ...CONFIG, layers: 1e9 }, "too few for the 1000000000 layers"],
    [whole, { ...CONFIG, tie: false }, "no tensor lm_head.weight"],
    [{ ...whole, "h.0.lora": adapter }, CONFIG, "h.0.lora, which this model has not"],
    [whole, { ...CONFIG, bias: false }, "must be zero or absent"],
  ];
  for (const [tensors, config, message] of cases) {
    await withModel(tensors, async (folder) => {
      const error = await assertRejects(
        () => WeightsFile.open(folder, config),
        RangeError,
        message,
      );
      assert((error as Error).message.includes(folder));
    });
  }
  await assertRejects(
    () => WeightsFile.open("missing", CONFIG),
    Deno.errors.NotFound,
    "no such file as model.safetensors or model.safetensors.index.json in it",
  );
});
