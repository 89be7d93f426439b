import { assert, assertAlmostEquals } from "@std/assert";
import { Device } from "../../kernels/mod.ts";
import { TRAIN_DEFAULTS, TrainingStep } from "../../model/trainer/mod.ts";
import { GOLDENS, openGolden } from "../golden/golden.ts";
import { assertClose } from "../kernels/contract.ts";
import { logitsOf } from "./logits.ts";

for (const name of GOLDENS) {
  Deno.test(`gpt ${name}: logits, gradients and ten losses equal PyTorch's`, async (t) => {
    using device = await Device.open();
    using golden = await openGolden(name);
    const { batch, adamw, file, restartPositions } = golden;
    const documents = { documentMask: batch.documentStarts !== undefined, restartPositions };
    const options = {
      ...TRAIN_DEFAULTS,
      ...adamw,
      ...documents,
      minLearningRate: adamw.learningRate,
      batchSize: batch.B,
      context: batch.T,
    };

    await t.step("logits within 1e-4", async () => {
      using model = await golden.model(device);
      const logits = await logitsOf(model, batch, documents);
      assertClose(logits, await file.read("logits"), 1e-4, "logits");
    });

    await t.step("every gradient within 1e-4 relative L2", async () => {
      using model = await golden.model(device);
      using step = await TrainingStep.create(model, options);
      step.run([batch], 1, 0);
      const [{ loss, gradientNorm }] = await step.read();
      assertAlmostEquals(loss, golden.loss, 2e-5);
      assertAlmostEquals(gradientNorm / golden.gradientNorm, 1, 1e-5);
      for (const [key, tensor] of step.gradients.tensors) {
        const [actual, expected] = [await tensor.read(), await file.read(`gradient.${key}`)];
        const square = expected.reduce((sum, v) => sum + v * v, 0);
        const error = expected.reduce((sum, v, i) => sum + (v - actual[i]) ** 2, 0);
        assert(error <= 1e-8 * square, `${key}: relative error ${Math.sqrt(error / square)}`);
      }
    });

    await t.step("each of ten AdamW losses within 2e-5", async () => {
      using model = await golden.model(device);
      using step = await TrainingStep.create(model, options);
      golden.losses.forEach((_, i) => step.run([batch], i + 1, adamw.learningRate));
      for (const [i, { loss }] of (await step.read()).entries()) {
        assertAlmostEquals(loss, golden.losses[i], 2e-5, `loss ${i}`);
      }
    });
  });
}
