import { assertEquals } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { TRAIN_DEFAULTS, TrainingStep } from "../../../model/trainer/mod.ts";
import { tinyModel } from "../tiny.ts";

Deno.test("TrainingStep: the dispatches of a step do not grow", async () => {
  using device = await Device.open();
  const dispatches = async (config: { layers: number; bias: boolean; dropout?: number }) => {
    using model = tinyModel(device, config);
    using step = await TrainingStep.create(model, { ...TRAIN_DEFAULTS, batchSize: 2 });
    return step.dispatches;
  };
  const counts = await Promise.all(
    [false, true].flatMap((bias) => [1, 2].map((layers) => dispatches({ layers, bias }))),
  );
  const [plain, two, biased, twoBiased] = counts;
  // Of one block; and what each further one adds.
  assertEquals({ plain, block: two - plain }, { plain: 41, block: 23 });
  assertEquals({ biased, block: twoBiased - biased }, { biased: 52, block: 33 });
  const [drops, twoDrop] = await Promise.all(
    [1, 2].map((layers) => dispatches({ layers, bias: false, dropout: 0.1 })),
  );
  assertEquals({ drops, block: twoDrop - drops }, { drops: 47, block: 27 });
});
