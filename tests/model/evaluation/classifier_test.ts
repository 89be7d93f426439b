import { assertEquals, assertRejects } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { Classifier } from "../../../model/mod.ts";
import { tinyModel } from "../tiny.ts";

const text = (n: number, first = 1) => Uint32Array.from({ length: n }, (_, i) => first + i);

Deno.test("Classifier: a text has the same bits alone and beside others, in the order asked", async () => {
  using device = await Device.open();
  for (const  of of["text", "token"] as const) {
    using model = tinyModel(device, { context: 40, head: { of, labels: ["a", "b", "c"] } });
    using classifier = await Classifier.create(model);
    const texts = [
      text(20),
      text(3),
      text(5, 9),
      ...Array.from({ length: 9 }, (_, i) => text(i + 1)),
    ];
    const all = await classifier.logits(texts);
    assertEquals(
      all.map(({ length }) => length),
      texts.map(({ length }) => of === "text" ? 3 : 3 * length),
    );
    for (const i of [0, 2, 11]) assertEquals((await classifier.logits([texts[i]]))[0], all[i]);
    await assertRejects(() => classifier.logits([text(41)]), RangeError, "1 to 40 tokens, got 41");
    await assertRejects(() => classifier.logits([text(0)]), RangeError, "got 0");
  }
  using model = tinyModel(device);
  await assertRejects(() => Classifier.create(model), TypeError, "no head over classes");
});
