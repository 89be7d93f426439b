import { assertEquals } from "@std/assert";
import { readDecoder } from "../../../data/tokenizers/decoders.ts";
import { JsonPart } from "../../../data/tokenizers/json_part.ts";
import { parseTokenizer } from "../../../data/tokenizers/mod.ts";
import { readNormalizer } from "../../../data/tokenizers/normalizers.ts";
import { readPreTokenizer } from "../../../data/tokenizers/pre_tokenizers.ts";
import golden from "../../golden/hf_tokenizers.json" with { type: "json" };

const { texts, tokens } = golden;
const partOf = (part: unknown) => new JsonPart(part, "part", "t.json");
const nameOf = (part: unknown) => JSON.stringify(part).replace(/[A-Za-z0-9+/]{80,}=*/, "…");

Deno.test("tokenizer.json: normalizers change texts as Hugging Face's do", () => {
  for (const { part, results } of golden.normalizers) {
    const normalize = readNormalizer(partOf(part));
    assertEquals(texts.map(normalize), results, nameOf(part));
  }
});

Deno.test("tokenizer.json: pre-tokenizers cut texts as Hugging Face's do", () => {
  for (const { part, results } of golden.preTokenizers) {
    const cut = readPreTokenizer(partOf(part));
    for (const [i, text] of texts.entries()) {
      const pieces = cut({ text, isFirst: true }).map((piece) => piece.text);
      assertEquals(pieces, results[i], `${nameOf(part)} of ${JSON.stringify(text)}`);
    }
  }
});

Deno.test("tokenizer.json: decoders write texts as Hugging Face's do", () => {
  for (const { part, results } of golden.decoders) {
    const decode = readDecoder(partOf(part));
    assertEquals(tokens.map((each) => decode(each).join("")), results, nameOf(part));
  }
});

for (const { name, json, results } of golden.tokenizers) {
  Deno.test(`tokenizer.json: ids and texts are Hugging Face's (${name})`, async () => {
    const tokenizer = parseTokenizer(json, "t.json");
    for (const [i, { ids, special, text }] of results.entries()) {
      assertEquals([...tokenizer.encode(texts[i])], ids, texts[i]);
      assertEquals([...tokenizer.encode(texts[i], { addSpecialTokens: true })], special, texts[i]);
      // Hugging Face shows normalized added tokens as they are looked for, we as they are named.
      const shape = (shown: string) => name.includes("normalized") ? shown.toLowerCase() : shown;
      assertEquals(shape(tokenizer.decode(ids)), shape(text), texts[i]);
      const shown = ReadableStream.from(ids).pipeThrough(tokenizer.decoder());
      assertEquals(shape((await Array.fromAsync(shown)).join("")), shape(text), texts[i]);
    }
    assertEquals(tokenizer.toJson(), json);
  });
}
