import { assert, assertEquals } from "@std/assert";
import { Served } from "../served.ts";

const PATH = "/tag";

Deno.test("tag: entities with their places in code points, the same alone and in a batch", async () => {
  const labels = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
  await using served = await Served.start({
    models: { told: { head: { of: "token", labels } }, writes: {} },
  });
  const input = ["Ann went to Rome.", "😀 春眠不觉晓 in Paris", "Ann went to Rome."];
  const { data, usage } = await served.json(PATH, { model: "told", input });
  assertEquals(usage.prompt_tokens, usage.total_tokens);
  const all = data.flatMap(({ index, entities }: { index: number; entities: unknown[] }) =>
    entities.map((entity) => ({ index, ...entity as Record<string, never> }))
  );
  assert(all.length > 0, "random weights tell some");
  for (const { index, type, start, end, text, score } of all) {
    assert(["PER", "LOC"].includes(type));
    assertEquals([...input[index]].slice(start, end).join(""), text);
    assert(score > 0.2 && score <= 1);
  }
  assertEquals(data[0].entities, data[2].entities);
  const alone = await served.json(PATH, { model: "told", input: input[1] });
  assertEquals(alone.data[0].entities, data[1].entities);
  const wrong: [Record<string, unknown>, string][] = [
    [{ model: "told", input: "" }, "input"],
    [{ model: "told", input: ["a", "b".repeat(257)] }, "input.1"],
    [{ model: "writes", input: "a" }, "model"],
  ];
  for (const [fields, param] of wrong) {
    assertEquals((await served.refused(PATH, fields)).param, param);
  }
});
