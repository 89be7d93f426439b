import { assertEquals } from "@std/assert";
import { NgramIndex } from "../../../data/dedup/ngram_index.ts";
import { randomNumbers } from "../tokenizers/random_text.ts";

const random = randomNumbers(7);
/** Few different words, so that n-grams come again. */
const randomText = (words: number) =>
  Array.from({ length: words }, () => ["corn", "mill", "stone"][Math.floor(3 * random())])
    .join(" ");

Deno.test("n-grams: all that are there, by the plain search of joined words", () => {
  const n = 4;
  const texts = Array.from({ length: 30 }, (_, i) => randomText(i));
  const index = new NgramIndex(texts, n);
  assertEquals(index.lengths, texts.map((_, i) => i));
  for (let round = 0; round < 20; round++) {
    const words = `${randomText(30)} other ${randomText(9)}`.split(" ");
    const text = words.join(" ");
    const expected = words.flatMap((_, i) => {
      const gram = words.slice(i, i + n);
      const start = words.slice(0, i).join(" ").length + Number(i > 0);
      const holding = texts.map((each, j) => ` ${each} `.includes(` ${gram.join(" ")} `) ? j : -1)
        .filter((j) => j >= 0).reverse();
      return gram.length === n && holding.length > 0
        ? [{ start, end: start + gram.join(" ").length, texts: holding }]
        : [];
    });
    assertEquals(index.find(text), expected);
  }
});

Deno.test("n-grams: upper and lower case are alike, symbols are passed over, nothing finds nothing", () => {
  const index = new NgramIndex(["One, two – three!"], 3);
  const text = "(one) TWO three";
  assertEquals(index.find(text), [{ start: 1, end: 15, texts: [0] }]);
  assertEquals(new NgramIndex([], 3).find(text), []);
  assertEquals(new NgramIndex(["one two"], 3).find(text), []);
});
