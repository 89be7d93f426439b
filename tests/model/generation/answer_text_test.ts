import { assert, assertEquals } from "@std/assert";
import { byteTokenizer, parseTokenizer } from "../../../data/mod.ts";
import { AnswerText } from "../../../model/generation/answer_text.ts";
import { random } from "../../kernels/contract.ts";

/** Shows a text byte by byte; what comes behind a stop text is not pushed. */
function show(text: string, stops: string[]): { pieces: string[]; stopped?: string } {
  const answer = new AnswerText(byteTokenizer(), stops);
  const pieces: string[] = [];
  for (const byte of new TextEncoder().encode(text)) {
    pieces.push(answer.push(byte));
    if (answer.stopped !== undefined) return { pieces, stopped: answer.stopped };
  }
  return { pieces: [...pieces, answer.end()] };
}

Deno.test("AnswerText: holds back what may become a stop text, and shows it when it does not", () => {
  assertEquals(show("abcabd!", ["abd"]), { pieces: ["", "", "abc", "", "", ""], stopped: "abd" });
  assertEquals(show("aab", ["ab"]), { pieces: ["", "a", ""], stopped: "ab" });
  assertEquals(show("ab", ["abc"]).pieces, ["", "", "ab"]);
  assertEquals(show("xyz", []).pieces, ["x", "y", "z", ""]);
});

Deno.test("AnswerText: without a tokenizer, and for tokens it does not know, there is no text", () => {
  const answer = new AnswerText(undefined, [], 7);
  assertEquals([answer.push(5), answer.end()], ["", ""]);
  const padded = new AnswerText(byteTokenizer(), [], 300);
  assertEquals([padded.push(65), padded.push(256), padded.push(66)], ["A", "", "B"]);
});

Deno.test("AnswerText: the token before the answer tells how its first one is written", () => {
  const tokenizer = parseTokenizer(METASPACE, "tokenizer.json");
  assertEquals(new AnswerText(tokenizer, []).push(1), "word");
  assertEquals(new AnswerText(tokenizer, [], 1).push(1), " word");
});

/** A tokenizer that writes a space before each word but the first. */
const METASPACE = {
  version: "1.0",
  ...{ truncation: null, padding: null, added_tokens: [], normalizer: null, post_processor: null },
  pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  model: { type: "WordLevel", vocab: { "<unk>": 0, "▁word": 1 }, unk_token: "<unk>" },
};

Deno.test("AnswerText: shows what stands before the first stop text, in any of 2,000 texts", () => {
  const next = random(3);
  const pick = (from: string[]) => from[Math.floor(next() * from.length)];
  const some = (from: string[], most: number) =>
    Array.from({ length: 1 + Math.floor(next() * most) }, () => pick(from)).join("");
  for (let i = 0; i < 2000; i++) {
    const alphabet = ["a", "b", "é", "🌾"].slice(0, 2 + i % 3);
    const text = some(alphabet, 12);
    const stops = [some(alphabet, 4), some(alphabet, 3)];
    // The stop text that is whole first; of those whole at once the one that begins first.
    const ends = stops.map((stop) => text.indexOf(stop)).map((at, n) => ({
      at,
      end: at + stops[n].length,
    }))
      .filter(({ at }) => at >= 0)
      .sort((x, y) => x.end - y.end || x.at - y.at);
    const { pieces, stopped } = show(text, stops);
    assertEquals(pieces.join(""), ends.length > 0 ? text.slice(0, ends[0].at) : text);
    assertEquals(stopped !== undefined, ends.length > 0);
    assert(pieces.every((piece) => piece.isWellFormed() && !piece.includes("\ufffd")));
  }
});
