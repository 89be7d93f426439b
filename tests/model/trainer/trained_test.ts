import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { batches } from "../../../data/mod.ts";
import { Device } from "../../../kernels/mod.ts";
import { parameterShapes } from "../../../model/checkpoint/mod.ts";
import { Trainer } from "../../../model/mod.ts";
import { trainedParameters } from "../../../model/trainer/trained.ts";
import { TINY, tinyModel, tinyTokens } from "../tiny.ts";

Deno.test("trainedParameters: patterns freeze what they find; ones that find nothing are refused", () => {
  const isTrained = trainedParameters(parameterShapes(TINY), { freeze: ["wte|wpe", "h[.]0[.]"] });
  assertEquals(
    ["transformer.wte.weight", "transformer.h.0.ln_1.bias", "transformer.h.1.ln_1.bias"]
      .map(isTrained),
    [false, false, true],
  );
  const cases: [string[], string][] = [
    [["h[.]7[.]"], "Cannot freeze h[.]7[.]: no parameter has such a name; they are called"],
    [["("], "Cannot freeze (: it is no regular expression"],
    [["."], "Cannot train: . freezes all parameters"],
  ];
  for (const [freeze, message] of cases) {
    assertThrows(() => trainedParameters(parameterShapes(TINY), { freeze }), RangeError, message);
  }
});

Deno.test("freeze: what is frozen keeps its bits, the rest gets the gradients it would get", async () => {
  using device = await Device.open();
  const rows = { batchSize: 3, context: 8, order: "shuffled", seed: 1 } as const;
  const weightsAfter = async (freeze: string[]) => {
    using model = tinyModel(device);
    const options = { batchSize: 3, iterations: 1, gradientClip: 0, warmupIterations: 0, freeze };
    using trainer = await Trainer.create(model, options);
    for await (const _ of trainer.train({ batches: batches(tinyTokens(), rows) }));
    const names = [...model.parameters.tensors.keys()];
    return new Map(
      await Promise.all(
        names.map(async (name) => [name, await model.parameters.get(name).read()] as const),
      ),
    );
  };
  const all = await weightsAfter([]);
  using fresh = tinyModel(device);
  for (const freeze of [["wte|wpe|h[.]0"], ["mlp[.]c_fc.weight", "ln_"], ["weight$"]]) {
    const isTrained = trainedParameters(parameterShapes(TINY), { freeze });
    for (const [name, values] of await weightsAfter(freeze)) {
      const expected = isTrained(name) ? all.get(name) : await fresh.parameters.get(name).read();
      assertEquals(values, expected, `${name} with ${freeze} frozen`);
    }
  }
});

Deno.test("freeze: gradients and moments are made for what is trained alone", async () => {
  using device = await Device.open();
  using model = tinyModel(device);
  const bytes = async (freeze: string[]) => {
    const before = device.allocatedBytes;
    using _trainer = await Trainer.create(model, { freeze });
    return device.allocatedBytes - before;
  };
  const freeze = ["wte|wpe|h[.]0|ln_f"];
  const isTrained = trainedParameters(model.shapes, { freeze });
  const frozen = [...model.parameters.tensors].filter(([name]) => !isTrained(name))
    .reduce((sum, [, { size }]) => sum + 4 * Math.ceil(size / 64) * 64, 0);
  const spared = await bytes([]) - await bytes(freeze);
  assert(spared >= 3 * frozen, `${spared} bytes spared, 3 · ${frozen} frozen`);
  await assertRejects(() => bytes(["x"]), RangeError, "Cannot freeze x");
});
