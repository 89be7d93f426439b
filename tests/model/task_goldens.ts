import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Device } from "../../kernels/mod.ts";
import { TRAIN_DEFAULTS, TrainingStep } from "../../model/trainer/mod.ts";
import type { Gpt } from "../../model/mod.ts";
import { openTaskGolden, type TaskGolden } from "../golden/task_golden.ts";
import { assertClose } from "../kernels/contract.ts";
import { logitsOf } from "./logits.ts";

/** Registers the test of a golden case of a task. */
export function testTaskGolden(name: string): void {
  Deno.test(`golden ${name}: logits, gradients and ten losses equal PyTorch's, padded or not`, async (t) => {
    using device = await Device.open();
    using golden = await openTaskGolden(name);
    const { adamw, file, lengths } = golden;
    const options = {
      ...TRAIN_DEFAULTS,
      ...adamw,
      ...{ minLearningRate: adamw.learningRate, batchSize: lengths.length, lengths: [16, 20] },
    };
    using model = await golden.model(device);

    await t.step("logits within 1e-4; more padding changes no bit of them", async () => {
      const short = await logitsOfTexts(model, golden, 16);
      assertClose(short, await file.read("logits"), 1e-4, "logits");
      assertEquals(await logitsOfTexts(model, golden, 20), short);
    });

    await t.step("every gradient within 1e-4 relative L2", async () => {
      using step = await TrainingStep.create(model, options);
      for (const T of [20, 16]) {
        step.run([golden.batch(T)], 1, 0);
        const [{ loss, gradientNorm }] = await step.read();
        assertAlmostEquals(loss, golden.loss, 2e-5);
        assertAlmostEquals(gradientNorm / golden.gradientNorm, 1, 1e-5);
        const wanted = [...file.tensors.keys()].filter((key) => key.startsWith("gradient."));
        assertEquals([...step.gradients.tensors.keys()].sort(), wanted.map((key) => key.slice(9)));
        for (const [key, tensor] of step.gradients.tensors) {
          const [actual, expected] = [await tensor.read(), await file.read(`gradient.${key}`)];
          const square = expected.reduce((sum, v) => sum + v * v, 0);
          const error = expected.reduce((sum, v, i) => sum + (v - actual[i]) ** 2, 0);
          assert(error <= 1e-8 * square, `${key}: relative error ${Math.sqrt(error / square)}`);
        }
      }
    });

    await t.step("each of ten AdamW losses within 2e-5, of rows of two lengths", async () => {
      using step = await TrainingStep.create(model, options);
      golden.losses.forEach((_, i) =>
        step.run([golden.batch(i % 2 === 0 ? 16 : 20)], i + 1, adamw.learningRate)
      );
      for (const [i, { loss }] of (await step.read()).entries()) {
        assertAlmostEquals(loss, golden.losses[i], 2e-5, `loss ${i}`);
      }
    });
  });
}

/** The logits of all rows with a target, one text after the other, computed with rows padded to T. */
async function logitsOfTexts(model: Gpt, golden: TaskGolden, T: number): Promise<Float32Array> {
  const { config } = model;
  const logits = await logitsOf(model, golden.batch(T));
  if (config.head?.of === "text") return logits;
  const V = config.head?.labels.length ?? config.vocabularySize;
  const rows = golden.lengths.map((length, b) => logits.slice(b * T * V, (b * T + length) * V));
  return Float32Array.from(rows.flatMap((row) => [...row]));
}
