import { assertEquals } from "@std/assert";
import { Served } from "../served.ts";

Deno.test("tokenize and detokenize: there and back, under both servers' names", async () => {
  await using served = await Served.start({ models: { tiny: { tokenizer: "bpe" } } });
  for (const text of ["What a day 媽 🤗", "", " two  spaces ", "<|endoftext|>"]) {
    const { tokens, count, max_model_len } = await served.json("/tokenize", { prompt: text });
    assertEquals([count, max_model_len], [tokens.length, 256]);
    assertEquals((await served.json("/tokenize", { content: text })).tokens, tokens);
    const back = await served.json("/detokenize", { tokens });
    assertEquals([back.prompt, back.content], [text, text]);
  }
  const { token_strs } = await served.json("/tokenize", {
    prompt: "To be",
    return_token_strs: true,
  });
  assertEquals(token_strs.join(""), "To be");
  assertEquals((await served.refused("/tokenize", { prompt: "a", content: "a" })).param, "prompt");
  assertEquals((await served.refused("/tokenize", {})).param, "prompt");
  assertEquals((await served.refused("/tokenize", { prompt: 1 })).param, "prompt");
  const long = await served.refused("/tokenize", { content: "a".repeat(3000) });
  assertEquals([long.param, long.code], ["content", "context_length_exceeded"]);
});
