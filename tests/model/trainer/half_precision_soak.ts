/** `nano` on the recipe's rates, in f32 and in f16 side by side: minutes on a CPU. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { batches, byteTokenizer, evaluationBatches } from "../../../data/mod.ts";
import { Device } from "../../../kernels/mod.ts";
import { Gpt, PRESETS, Trainer, type TrainOptions } from "../../../model/mod.ts";

const ITERATIONS = 300;

/** The text that `quern train` begins with. */
async function defaultText(): Promise<string> {
  const { stdout } = await new Deno.Command("deno", { args: ["types"] }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("f16: the validation loss of nano is within 0.01 of f32's, and no step is skipped", async () => {
  using device = await Device.open();
  const tokens = Uint16Array.from(byteTokenizer().encode(await defaultText()));
  const border = Math.floor(0.95 * tokens.length);
  const shape = { ...PRESETS.nano, vocabularySize: 256, dropout: 0, bias: false, tie: true };
  const rows = { batchSize: 12, context: shape.context };
  const options: Partial<TrainOptions> = {
    ...{ iterations: ITERATIONS, decayIterations: ITERATIONS, evalInterval: ITERATIONS },
    ...{ saveInterval: 0, sampleInterval: 0 },
  };
  const found: { validationLoss: number; skippedSteps: number }[] = [];
  for (const precision of ["f32", "f16"] as const) {
    using model = Gpt.create(device, shape, { seed: 1 });
    using trainer = await Trainer.create(model, { ...options, precision });
    const events = await Array.fromAsync(trainer.train({
      batches: batches(tokens.subarray(0, border), { ...rows, order: "shuffled", seed: 1 }),
      validation: () => evaluationBatches(tokens.subarray(border), rows),
    }));
    const [measured] = events.filter((event) => event.type === "evaluation");
    const last = events.findLast((event) => event.type === "step")!;
    found.push({
      validationLoss: measured.validationLoss,
      skippedSteps: last.skippedSteps ?? 0,
    });
  }
  const [full, half] = found;
  assertAlmostEquals(half.validationLoss, full.validationLoss, 0.01);
  assertEquals(half.skippedSteps, 0);
});
