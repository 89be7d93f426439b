import { assertEquals } from "@std/assert";
import { collectExamples, type Example, ExampleSet } from "../../../data/mod.ts";

const example = (i: number): Example => ({
  tokens: Uint32Array.from({ length: i % 50 + 1 }, (_, t) => i + t),
  targets: Int32Array.from({ length: i % 50 + 1 }, (_, t) => t === i % 50 ? i : -1),
  weight: 1 + i % 3,
  place: { path: i < 500 ? "a.tsv" : "b.tsv", line: i + 1, offset: 2 ** 33 + i },
});

Deno.test("ExampleSet: gives back what was put in, also after it has grown", async () => {
  const examples = Array.from({ length: 1000 }, (_, i) => example(i));
  const set = await collectExamples(ReadableStream.from(examples));
  assertEquals([set.length, set.longest, set.severalLabels], [1000, 50, false]);
  for (const i of [0, 1, 499, 500, 999]) {
    assertEquals(set.at(i), examples[i]);
    assertEquals(set.lengthOf(i), examples[i].tokens.length);
  }
});

Deno.test("ExampleSet: several labels, and none", () => {
  const set = new ExampleSet();
  set.add({ ...example(0), labels: [2, 0] });
  set.add({ ...example(1), labels: [] });
  assertEquals([set.at(0).labels, set.at(1).labels], [[2, 0], []]);
});
