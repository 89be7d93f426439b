import { assert, assertEquals, assertRejects } from "@std/assert";
import { Device } from "../../../kernels/mod.ts";
import { Classifier } from "../../../model/mod.ts";
import { tinyModel } from "../tiny.ts";

const text = (n: number, first = 1) => Uint32Array.from({ length: n }, (_, i) => first + i);

Deno.test("Classifier: a text has the same bits alone and beside others, in the order asked", async () => {
  using device = await Device.open();
  for (const kind of ["text", "token"] as const) {
    using model = tinyModel(device, { context: 40, head: { of: kind, labels: ["a", "b", "c"] } });
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
      texts.map(({ length }) => kind === "text" ? 3 : 3 * length),
    );
    for (const i of [0, 2, 11]) assertEquals((await classifier.logits([texts[i]]))[0], all[i]);
    await assertRejects(() => classifier.logits([text(41)]), RangeError, "1 to 40 tokens, got 41");
    await assertRejects(() => classifier.logits([text(0)]), RangeError, "got 0");
  }
  using model = tinyModel(device);
  await assertRejects(() => Classifier.create(model), TypeError, "no head over classes");
});

Deno.test("Classifier: whoever leaves is worked for no longer than a batch", async () => {
  using device = await Device.open();
  using model = tinyModel(device, { context: 40, head: { of: "text", labels: ["a", "b"] } });
  using classifier = await Classifier.create(model);
  const leaving = new AbortController();
  const gone = classifier.logits(Array.from({ length: 800 }, () => text(5)), leaving);
  setTimeout(() => leaving.abort(), 20);
  await assertRejects(() => gone, DOMException);
  const { steps } = classifier;
  assert(steps > 0 && steps < 100, `${steps} of 100 batches`);
  assertEquals((await classifier.logits([text(3)])).length, 1);
  assertEquals(classifier.steps, steps + 1);
});
