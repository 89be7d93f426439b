import { assertAlmostEquals, assertEquals } from "@std/assert";
import { evaluationBatches } from "../../../data/mod.ts";
import { Device } from "../../../kernels/mod.ts";
import { Evaluator } from "../../../model/mod.ts";
import { tinyModel, tinyTokens } from "../tiny.ts";

Deno.test("Evaluator: counts each target once, whatever the batch size", async () => {
  using device = await Device.open();
  using model = tinyModel(device);
  const tokens = tinyTokens(8 * 70 + 4);
  const results: { sum: number; weight: number }[] = [];
  // Batches of one row fill the ring of waiting losses more than once.
  for (const B of [1, 4, 100]) {
    using evaluator = await Evaluator.create(model, { B, T: 8 });
    const rows = () => evaluationBatches(tokens, { batchSize: B, context: 8 });
    results.push(await evaluator.measure(rows()));
    assertEquals(await evaluator.measure(rows()), results.at(-1), "twice the same");
  }
  for (const { sum, weight } of results) {
    assertEquals(weight, tokens.length - 1);
    assertAlmostEquals(sum / weight, results[0].sum / weight, 1e-5);
  }
  assertAlmostEquals(results[0].sum / results[0].weight, Math.log(23), 0.1);
});
