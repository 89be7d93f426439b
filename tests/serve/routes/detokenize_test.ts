import { assertEquals } from "@std/assert";
import { Served } from "../served.ts";

Deno.test("detokenize: ids outside the vocabulary and other things are named", async () => {
  await using served = await Served.start();
  for (
    const [tokens, param] of [[[1, 256], "tokens.1"], [[-1], "tokens.0"], [["a"], "tokens.0"], [
      "a",
      "tokens",
    ], [Array(3000).fill(1), "tokens"]] as const
  ) {
    assertEquals((await served.refused("/detokenize", { tokens })).param, param);
  }
  assertEquals((await served.json("/detokenize", { tokens: [0xf0, 0x9f] })).prompt, "\ufffd");
  assertEquals((await served.json("/detokenize", { tokens: [], model: "tiny" })).prompt, "");
  await served.refused("/detokenize", { tokens: [], model: "other" }, 404);
});

Deno.test("detokenize: with several models one must be named", async () => {
  await using served = await Served.start({ models: { a: {}, b: {} } });
  assertEquals((await served.refused("/detokenize", { tokens: [65] })).param, "model");
  assertEquals((await served.json("/detokenize", { tokens: [65], model: "b" })).prompt, "A");
});
