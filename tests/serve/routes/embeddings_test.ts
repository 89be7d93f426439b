import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Served } from "../served.ts";

const PATH = "/v1/embeddings";

Deno.test("embeddings: base64 is the float, norm 1, in order, equal for equal texts (36)", async () => {
  await using served = await Served.start();
  const model = "tiny";
  const vectors = async (input: unknown, fields = {}): Promise<number[][]> => {
    const { data } = await served.json(PATH, { model, input, ...fields });
    assertEquals(data.map(({ index }: { index: number }) => index), [...data.keys()]);
    return data.map(({ embedding }: { embedding: number[] }) => embedding);
  };
  const texts = ["one", "two", "one", "three é", "a longer text than the others"];
  const floats = await vectors(texts);
  const { data } = await served.json(PATH, { model, input: texts, encoding_format: "base64" });
  data.forEach(({ embedding }: { embedding: string }, i: number) => {
    const bytes = Uint8Array.fromBase64(embedding);
    const view = new DataView(bytes.buffer);
    const decoded = Array.from(
      { length: bytes.length / 4 },
      (_, j) => view.getFloat32(4 * j, true),
    );
    assertEquals(decoded, floats[i]);
  });
  for (const vector of floats) {
    assertEquals(vector.length, 32);
    assertAlmostEquals(Math.hypot(...vector), 1, 1e-3);
  }
  assertEquals(floats[0], floats[2]);
  assert(floats[0].some((value, i) => value !== floats[1][i]));
  assertEquals((await vectors("one"))[0], floats[0]);
  const ids = [...new TextEncoder().encode("one")];
  assertEquals((await vectors(ids))[0], floats[0]);
  assertEquals((await vectors([ids, ids]))[1], floats[0]);
  assertEquals((await vectors("one", { dimensions: 32 }))[0], floats[0]);
  const { usage } = await served.json(PATH, { model, input: ["one", "two"] });
  assertEquals(usage, { prompt_tokens: 6, total_tokens: 6 });
  assertEquals((await vectors(Array(2048).fill("a"))).length, 2048);

  const wrong: [Record<string, unknown>, string][] = [
    [{ input: "" }, "input"],
    [{ input: [] }, "input"],
    [{ input: [""] }, "input.0"],
    [{ input: Array(2049).fill("a") }, "input"],
    [{ input: "a", dimensions: 16 }, "dimensions"],
    [{ input: "a", dimensions: 0 }, "dimensions"],
    [{ input: "a", encoding_format: "hex" }, "encoding_format"],
    [{ input: [256] }, "input.0"],
    [{ input: "a".repeat(257) }, "input"],
    [{}, "input"],
  ];
  for (const [fields, param] of wrong) {
    const error = await served.refused(PATH, { model, ...fields });
    assertEquals(error.param, param, error.message);
  }
});
