import { assertEquals } from "@std/assert";
import { countSpacedWords, DIGITS, LETTERS, splitWords, SYMBOLS } from "../../data/words.ts";

function wordsOf(text: string): string[] {
  const { starts, ends, count } = splitWords(text);
  return Array.from({ length: count }, (_, i) => text.slice(starts[i], ends[i]));
}

Deno.test("splitWords: letters, numbers and symbols", () => {
  const cases: Record<string, string[]> = {
    "": [],
    " \n\t ": [],
    "The cat's 3.5 km, 1,000 miles... ok?": [
      ...["The", "cat's", "3.5", "km", ",", "1,000", "miles", "...", "ok", "?"],
    ],
    "snake_case e-mail": ["snake_case", "e", "-", "mail"],
    "été naïve Ωμέγα": ["été", "naïve", "Ωμέγα"],
    "😀😀😁 end.": ["😀😀", "😁", "end", "."],
  };
  for (const [text, words] of Object.entries(cases)) assertEquals(wordsOf(text), words, text);
});

Deno.test("splitWords: scripts without spaces are cut into words, which are counted apart", () => {
  assertEquals(wordsOf("我们去北京。"), ["我们", "去", "北京", "。"]);
  assertEquals(wordsOf("แมวกินปลา"), ["แมว", "กิน", "ปลา"]);
  assertEquals(splitWords("我们 go").unspaced, 1);
  assertEquals(splitWords("we go").unspaced, 0);
});

Deno.test("splitWords: tells what a word is made of", () => {
  const { kinds, count } = splitWords("room 101 B2 !!");
  assertEquals(Array.from(kinds.subarray(0, count)), [LETTERS, DIGITS, LETTERS, SYMBOLS]);
});

Deno.test("splitWords: the words of two texts are those of both", () => {
  const text = "It's 5 o'clock; 我们去. ";
  assertEquals(wordsOf(text + text), [...wordsOf(text), ...wordsOf(text)]);
});

Deno.test("countSpacedWords: pieces between spaces, up to a number", () => {
  assertEquals(countSpacedWords("one, two... three"), 3);
  assertEquals(countSpacedWords("one two three", 2), 2);
  assertEquals(countSpacedWords("我们去北京"), 3);
  assertEquals(countSpacedWords("  "), 0);
});
