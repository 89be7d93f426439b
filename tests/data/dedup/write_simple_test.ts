import { assert, assertEquals } from "@std/assert";
import { simplify } from "../../../data/dedup/simplify.ts";
import { BYTES_PER_UNIT, writeSimple, writeWords } from "../../../data/dedup/write_simple.ts";
import { chinesePoems, hasTexts, webTexts, wikipediaArticles } from "../filters/texts.ts";
import { randomNumbers } from "../tokenizers/random_text.ts";

type Write = (text: string, bytes: Uint8Array, at: number) => number;

/** What is written behind three bytes, which must stay. */
function written(write: Write, text: string): string {
  const bytes = new Uint8Array(3 + BYTES_PER_UNIT * text.length + 1).fill(7);
  const end = write(text, bytes, 3);
  assertEquals([...bytes.subarray(0, 3)], [7, 7, 7]);
  assert(end <= bytes.length);
  return new TextDecoder().decode(bytes.subarray(3, end));
}

const expected = (text: string) => simplify(text).replace(/.$/su, "$& ");

Deno.test("writeSimple: characters of all of Unicode alone and between letters, as simplify has it", () => {
  for (let code = 0; code < 0x110000; code += code < 0x3100 ? 1 : 97) {
    const character = String.fromCodePoint(code);
    const text = `${character} x${character}y 1${character}2`;
    const wanted = new TextDecoder().decode(new TextEncoder().encode(expected(text)));
    if (written(writeSimple, text) !== wanted) {
      assertEquals(written(writeSimple, text), wanted, `U+${code.toString(16)}`);
    }
  }
});

Deno.test("writeSimple: random characters of all kinds in any order, as simplify has them", () => {
  const random = randomNumbers(3);
  const alphabet = [
    ..."aB 1２٣.,٫\n'-É\u0301\u0308ßİΣσςж我テ👩‍👩‍👧ﬁ½²\u00a0\u200d\ud800\ufeffกáख\u093fᄀ각",
    "12.5",
    "1.2.3",
  ];
  for (let round = 0; round < 5000; round++) {
    const length = Math.floor(12 * random());
    const text = Array.from({ length }, () => alphabet[Math.floor(alphabet.length * random())])
      .join("");
    const wanted = new TextDecoder().decode(new TextEncoder().encode(expected(text)));
    assertEquals(written(writeSimple, text), wanted, JSON.stringify(text));
  }
});

Deno.test({
  name: "writeSimple: real texts, as simplify has them",
  ignore: !hasTexts("wikitext-2"),
  fn() {
    for (
      const text of [
        ...wikipediaArticles(),
        ...webTexts().filter(Boolean),
        chinesePoems().join("\n"),
      ]
    ) {
      assertEquals(written(writeSimple, text), expected(text));
    }
  },
});

Deno.test("writeWords: a space behind each word, nothing of nothing", () => {
  assertEquals(written(writeWords, "one zwölf 三"), "one zwölf 三 ");
  assertEquals(written(writeWords, ""), "");
});
