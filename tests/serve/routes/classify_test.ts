import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { Served } from "../served.ts";

const PATH = "/classify";
const LABELS = ["ham", "spam", "other"];

Deno.test("classify: vLLM's shape, probabilities of norm 1, the same alone and in a batch", async () => {
  await using served = await Served.start({
    models: {
      told: { head: { of: "text", labels: LABELS } },
      several: { head: { of: "text", labels: LABELS, multiLabel: true } },
      writes: {},
    },
  });
  const input = ["one", "two é", "one", "a longer text ".repeat(9), ...Array(9).fill("x")];
  const whole = await served.json(PATH, { model: "told", input });
  assertEquals(Object.keys(whole), ["id", "object", "created", "model", "data", "usage"]);
  assertEquals(whole.usage.prompt_tokens, new TextEncoder().encode(input.join("")).length);
  for (const [i, { index, label, probs, num_classes }] of whole.data.entries()) {
    assertEquals([index, num_classes, probs.length], [i, 3, 3]);
    assertAlmostEquals(probs.reduce((a: number, b: number) => a + b), 1, 1e-9);
    assertEquals(label, LABELS[probs.indexOf(Math.max(...probs))]);
  }
  assertEquals(whole.data[0].probs, whole.data[2].probs);
  const alone = await served.json(PATH, { model: "told", input: "two é" });
  assertEquals(alone.data[0].probs, whole.data[1].probs);
  const ids = [...new TextEncoder().encode("one")];
  assertEquals((await served.json(PATH, { model: "told", input: ids })).data[0].probs, [
    ...whole.data[0].probs,
  ]);
  const { data: [several] } = await served.json(PATH, { model: "several", input: "one" });
  assert(several.probs.every((p: number) => p > 0 && p < 1));
  const cut = { model: "told", input: "a".repeat(300), truncate_prompt_tokens: -1 };
  assertEquals((await served.json(PATH, cut)).usage.prompt_tokens, 256);

  const wrong: [Record<string, unknown>, string][] = [
    [{ model: "told", input: "" }, "input"],
    [{ model: "told", input: "a".repeat(257) }, "input"],
    [{ model: "told", input: ["a", ""] }, "input.1"],
    [{ model: "writes", input: "a" }, "model"],
  ];
  for (const [fields, param] of wrong) {
    assertEquals((await served.refused(PATH, fields)).param, param);
  }
  const text = await served.refused("/v1/completions", { model: "told", prompt: "a" });
  assertStringIncludes(text.message, "The model told tells texts apart: ask it at /classify");
  const tokens = await served.json("/tokenize", { model: "told", prompt: "abc" });
  assertEquals(tokens.count, 3);
});
