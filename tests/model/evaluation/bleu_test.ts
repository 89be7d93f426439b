import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { bleuWords, describeBleu, scoreBleu } from "../../../model/mod.ts";
import { readGolden } from "./golden.ts";

/** The example of sacreBLEU's README and of its test_bleu.py (Apache-2.0), with two references. */
const README = {
  predictions: ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."],
  references: [
    ["The dog bit the man.", "The dog had bit the man."],
    ["It was not unexpected.", "No one was surprised."],
    ["The man bit him first.", "The man had bitten the dog."],
  ],
};

Deno.test("scoreBleu: sacreBLEU's published example, to its last digit and line for line", () => {
  const bleu = scoreBleu(README.references, README.predictions);
  assertAlmostEquals(bleu.score, 48.530827, 1e-6);
  assertEquals(
    describeBleu(bleu),
    "BLEU = 48.53 82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944 hyp_len = 17 ref_len = 18)",
  );
  assertEquals(bleu.signature, "nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:quern");
  assert(bleu.interval.low < bleu.score && bleu.score <= bleu.interval.high);
});

Deno.test("scoreBleu: sacreBLEU's published statistics of a segment", () => {
  const { precisions } = scoreBleu(
    [["I am a symbol string sequence a a"]],
    ["am I am a character sequence"],
  );
  // Right 4, 2, 1 and 0 of 6, 5, 4 and 3 runs; the 0 counts as 1/2.
  const wanted = [4 / 6, 2 / 5, 1 / 4, 1 / 2 / 3].map((share) => 100 * share);
  precisions.forEach((precision, n) => assertAlmostEquals(precision, wanted[n], 1e-12));
});

Deno.test("bleuWords and scoreBleu: NLTK's BLEU over the words of the published rules", async () => {
  for (const { tokenizer, pairs, words, score } of (await readGolden()).bleu) {
    assertEquals(pairs.map((pair) => pair.map((text) => bleuWords(text, tokenizer))), words);
    // The golden's BLEU is over the segments of four words or more.
    const long = pairs.filter((_, i) => words[i][0].length >= 4);
    const references = long.map(([, reference]) => [reference]);
    const bleu = scoreBleu(references, long.map(([prediction]) => prediction), { tokenizer });
    assertAlmostEquals(bleu.score, score, 1e-9);
  }
});

Deno.test("bleuWords: by hand", () => {
  assertEquals(bleuWords("Hello, world! 1,000.5 (x)", "13a"), [
    ...["Hello", ",", "world", "!", "1,000.5", "(", "x", ")"],
  ]);
  assertEquals(bleuWords("5-6 a-b", "13a"), ["5", "-", "6", "a-b"]);
  assertEquals(bleuWords("我用GPT-2，好", "zh"), ["我", "用", "GPT-2", "，", "好"]);
  // sacreBLEU's quirk: a dash stands apart, an ideograph of extension B does not.
  assertEquals(bleuWords("a—b𠀀𠀀", "zh"), ["a", "—", "b𠀀𠀀"]);
  assertEquals(bleuWords("a b\u2003诗\ufeff", "char"), ["a", "b", "诗", "\ufeff"]);
});

Deno.test("scoreBleu: nothing right is 0, all right is 100, empty translations stay", () => {
  assertEquals(scoreBleu([["a b c d e"]], ["v w x y z"]).score, 0);
  assertAlmostEquals(scoreBleu([["a b c d e"]], ["a b c d e"]).score, 100, 1e-10);
  assertEquals(scoreBleu(README.references, ["", "", ""]).score, 0);
  // Too short for runs of four, without effective order.
  assertEquals(scoreBleu([["a b"]], ["a b"]).score, 0);
  assertEquals(scoreBleu([["a"], ["a", "b"]], ["a", "b"]).signature.slice(0, 9), "nrefs:var");
});

Deno.test("scoreBleu: wrong numbers of segments are errors", () => {
  assertThrows(
    () => scoreBleu([["a"]], []),
    RangeError,
    "Cannot score translations: wanted one prediction for each reference, got 0 predictions and 1",
  );
  assertThrows(() => scoreBleu([[]], ["a"]), RangeError, "segment 1: it has no reference");
});
