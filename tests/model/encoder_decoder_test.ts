import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Device } from "../../kernels/mod.ts";
import { namedParts, takePart } from "../../model/encoder_decoder/hugging_face.ts";
import {
  EncoderDecoder,
  type EncoderDecoderConfig,
  SafetensorsFile,
  Trainer,
} from "../../model/mod.ts";
import { TRAIN_DEFAULTS, TrainingStep } from "../../model/trainer/mod.ts";
import { openPairGolden, PAIR_GOLDENS, type PairGolden } from "../golden/pair_golden.ts";
import { assertClose } from "../kernels/contract.ts";
import { logitsOf } from "./logits.ts";

/** A shape that trains in milliseconds. */
const TINY: EncoderDecoderConfig = {
  ...{ encoderLayers: 1, decoderLayers: 1, heads: 2, channels: 16, context: 8 },
  ...{ vocabularySize: 23, outputSize: 15, dropout: 0, tie: true, scaleEmbedding: false },
  ...{ padId: 0, startId: 1, endId: 2 },
};

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function modelOf(device: Device, golden: PairGolden): Promise<EncoderDecoder> {
  const folder = await Deno.makeTempDir();
  try {
    await golden.writeFolder(folder);
    return await EncoderDecoder.load(device, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const name of PAIR_GOLDENS) {
  Deno.test(`golden ${name}: logits, gradients and ten losses equal PyTorch's`, async (t) => {
    using device = await Device.open();
    using golden = await openPairGolden(name);
    const { adamw, file, shape: [B, T], outputSize: K } = golden;
    const lengths = [16, 12];
    const options = {
      ...{ ...TRAIN_DEFAULTS, ...adamw, minLearningRate: adamw.learningRate },
      ...{ batchSize: B, lengths, labelSmoothing: golden.smoothing },
    };

    await t.step("logits within 1e-4; more padding changes no bit of them", async () => {
      using model = await modelOf(device, golden);
      const rowsOf = async (padded: number) => {
        const all = await logitsOf(model, golden.batch(padded));
        const rows = Array.from(
          { length: B },
          (_, b) => all.subarray(b * padded * K, (b * padded + T) * K),
        );
        return Float32Array.from(rows.flatMap((row) => [...row]));
      };
      const logits = await rowsOf(16);
      assertClose(logits, await file.read("logits"), 1e-4, "logits");
      assertEquals(await rowsOf(12), logits);
    });

    await t.step("every gradient within 1e-4 relative L2", async () => {
      using model = await modelOf(device, golden);
      using step = await TrainingStep.create(model, options);
      step.run([golden.batch(12)], 1, 0);
      const [{ loss, gradientNorm }] = await step.read();
      assertAlmostEquals(loss, golden.loss, 2e-5);
      assertAlmostEquals(gradientNorm / golden.gradientNorm, 1, 1e-5);
      const read = step.gradients.reader();
      let compared = 0;
      for (const part of namedParts(model.config)) {
        const key = `gradient.${part.name}`;
        if (!file.tensors.has(key)) continue;
        const actual = takePart(await read(part.parameter!.name), part);
        const expected = await file.read(key);
        const square = expected.reduce((sum, v) => sum + v * v, 0);
        const error = expected.reduce((sum, v, i) => sum + (v - actual[i]) ** 2, 0);
        // That of keys' biases is zero but for rounding: a softmax does not see what all scores share.
        const allowed = 1e-8 * Math.max(square, 1e-8 * golden.gradientNorm ** 2);
        assert(error <= allowed, `${key}: relative error ${Math.sqrt(error / square)}`);
        compared++;
      }
      assertEquals(
        compared,
        [...file.tensors.keys()].filter((key) => /^gradient/.test(key)).length,
      );
    });

    await t.step("each of ten AdamW losses in f16 within 1e-2", async () => {
      using model = await modelOf(device, golden);
      using step = await TrainingStep.create(model, { ...options, precision: "f16" });
      golden.losses.forEach((_, i) => step.run([golden.batch(12)], i + 1, adamw.learningRate));
      for (const [i, { loss, skipped }] of (await step.read()).entries()) {
        assert(!skipped);
        assertAlmostEquals(loss, golden.losses[i], 1e-2, `loss ${i}`);
      }
    });

    await t.step("each of ten AdamW losses within 2e-5, padded to two lengths", async () => {
      for (const recompute of [false, true]) {
        using model = await modelOf(device, golden);
        using step = await TrainingStep.create(model, { ...options, recompute });
        golden.losses.forEach((_, i) =>
          step.run([golden.batch(i % 2 === 0 ? 12 : 16)], i + 1, adamw.learningRate)
        );
        for (const [i, { loss }] of (await step.read()).entries()) {
          assertAlmostEquals(loss, golden.losses[i], 2e-5, `loss ${i}`);
        }
      }
    });
  });
}

Deno.test("EncoderDecoder: a folder holds what transformers wants, and loads again bit by bit", () =>
  inFolder(async (folder) => {
    using device = await Device.open();
    for (const tie of [true, false]) {
      const path = `${folder}/${tie}`;
      using model = EncoderDecoder.create(device, { ...TINY, tie }, { seed: 3 });
      await model.save(path);
      using again = await EncoderDecoder.load(device, path);
      assertEquals(again.config, model.config);
      for (const [name, tensor] of model.parameters.tensors) {
        assertEquals(await again.parameters.get(name).read(), await tensor.read(), name);
      }
      using file = SafetensorsFile.open(`${path}/model.safetensors`);
      assertEquals(file.tensors.get("model.decoder.layers.0.encoder_attn.k_proj.weight")!.shape, [
        ...[16, 16],
      ]);
      assertEquals(file.tensors.get("model.encoder.embed_positions.weight")!.shape, [10, 16]);
      assertEquals(await file.read("final_logits_bias"), new Float32Array(23));
      assertEquals(file.tensors.has("lm_head.weight"), !tie);
      const json = (name: string) => Deno.readTextFile(`${path}/${name}`).then(JSON.parse);
      const config = await json("config.json");
      assertEquals(config.architectures, ["MBartForConditionalGeneration"]);
      assertEquals([config.d_model, config.decoder_start_token_id], [16, 1]);
      const { suppress_tokens } = await json("generation_config.json");
      assertEquals(suppress_tokens, [15, 16, 17, 18, 19, 20, 21, 22]);
    }
  }));

Deno.test("EncoderDecoder.load: a model that is computed in another way is refused by name", () =>
  inFolder(async (folder) => {
    using device = await Device.open();
    using model = EncoderDecoder.create(device, TINY, { seed: 1 });
    await model.save(folder);
    const config = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
    const cases: [Record<string, unknown>, string][] = [
      [{ activation_function: "relu" }, 'activation_function must be "gelu_new", got "relu"'],
      [{ architectures: ["BartModel"] }, 'architectures must be ["MBartForConditionalGeneration"]'],
      [{ encoder_ffn_dim: 5 }, "encoder_ffn_dim must be 64, got 5"],
      [{ d_model: 15, encoder_ffn_dim: 60, decoder_ffn_dim: 60 }, "channels must be divisible by"],
      [{ decoder_layers: 2 }, "it has no tensor model.decoder.layers.1.self_attn.q_proj.weight"],
    ];
    for (const [change, message] of cases) {
      const changed = JSON.stringify({ ...config, ...change });
      await Deno.writeTextFile(`${folder}/config.json`, changed);
      await assertRejects(() => EncoderDecoder.load(device, folder), Error, message);
    }
  }));

Deno.test("EncoderDecoder.create: a shape that is not possible is refused by name", async () => {
  using device = await Device.open();
  const cases: [Partial<EncoderDecoderConfig>, string][] = [
    [{ decoderLayers: 0 }, "decoderLayers must be a whole number of at least 1, got 0"],
    [{ outputSize: 24 }, "outputSize must be at most the vocabulary's 23, got 24"],
    [{ endId: 15 }, "endId must be a token from 0 to 14, got 15"],
    [{ dropout: 1 }, "dropout must be in [0, 1), got 1"],
  ];
  for (const [change, message] of cases) {
    assertThrows(
      () => EncoderDecoder.create(device, { ...TINY, ...change }, { seed: 1 }),
      RangeError,
      message,
    );
  }
});

/** Pairs whose target is the source turned round. */
function reversedBatches(count: number) {
  return ReadableStream.from(Array.from({ length: count }, (_, index) => {
    const [B, T] = [8, 8];
    const rows = Array.from(
      { length: B },
      (_, b) =>
        Array.from({ length: 2 + (b + index) % 5 }, (_, t) => 3 + (7 * b + 5 * t + 3 * index) % 12),
    );
    const fill = (ids: number[][], by: number) =>
      ids.flatMap((row) => [...row, ...new Array(T - row.length).fill(by)]);
    const turned = rows.map((row) => row.toReversed());
    return {
      ...{ index, B, T },
      tokens: Uint32Array.from(fill(turned.map((row) => [1, ...row]), 0)),
      targets: Int32Array.from(fill(turned.map((row) => [...row, 2]), -1)),
      rows: new Int32Array(B),
      lengths: Uint32Array.from(rows, ({ length }) => length + 1),
      source: {
        tokens: Uint32Array.from(fill(rows.map((row) => [...row, 2]), 0)),
        lengths: Uint32Array.from(rows, ({ length }) => length + 1),
      },
    };
  }));
}

Deno.test("Trainer: an encoder–decoder learns, saves and goes on with the same bits, with dropout too", () =>
  inFolder(async (folder) => {
    using device = await Device.open();
    const options = {
      ...{ batchSize: 8, iterations: 40, learningRate: 0.01, warmupIterations: 4 },
      ...{ saveInterval: 30, labelSmoothing: 0.1, keepCheckpoints: 9 },
    };
    const losses: number[] = [];
    const run = async (trainer: Trainer<EncoderDecoder>, from: number, folder?: string) => {
      const batches = reversedBatches(40).pipeThrough(
        new TransformStream({
          transform: (batch, c) => {
            if (batch.index >= from) c.enqueue(batch);
          },
        }),
      );
      for await (const event of trainer.train({ batches, folder })) {
        if (event.type === "step") losses[event.iteration - 1] = event.loss;
      }
    };
    using model = EncoderDecoder.create(device, { ...TINY, dropout: 0.1 }, { seed: 1 });
    using trainer = await Trainer.create(model, options);
    await run(trainer, 0, folder);
    assert(losses[39] < losses[0] - 0.3, `${losses[39]} after ${losses[0]}`);
    const first = [...losses];
    const checkpoint = `${folder}/checkpoints/step-000030`;
    using again = await EncoderDecoder.load(device, checkpoint);
    using resumed = await Trainer.resume(again, checkpoint, options);
    await run(resumed, 30);
    assertEquals(losses, first);
  }));

Deno.test("EncoderDecoder: batches without sources are refused", async () => {
  using device = await Device.open();
  using model = EncoderDecoder.create(device, TINY, { seed: 1 });
  const tokens = new Uint32Array(16);
  const batch = { index: 0, B: 2, T: 8, tokens, targets: new Int32Array(16) };
  await assertRejects(
    () => logitsOf(model, batch),
    TypeError,
    "Cannot use a batch without sources: an encoder–decoder wants pairs; see pairEncoder",
  );
});
