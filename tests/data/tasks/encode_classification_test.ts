import { assertEquals, assertThrows } from "@std/assert";
import {
  byteTokenizer,
  charTokenizer,
  classificationEncoder,
  DataError,
  LabelSet,
} from "../../../data/mod.ts";
import { PLACE as place } from "./tokenizers.ts";

const labels = new LabelSet(["ham", "spam"]);
const tokenizer = byteTokenizer();

Deno.test("classificationEncoder: the class is asked for at the last token, weighed by class", () => {
  const plain = classificationEncoder({ tokenizer, labels, context: 4 });
  const found = plain.encode({ text: "abc", labels: ["spam"], place });
  assertEquals([...found.tokens], [97, 98, 99]);
  assertEquals([...found.targets], [-1, -1, 1]);
  assertEquals(found.weight, undefined);
  assertEquals(found.place, place);
  const weighed = classificationEncoder({ tokenizer, labels, context: 4, classWeights: [0.5, 2] });
  assertEquals(weighed.encode({ text: "abc", labels: ["spam"], place }).weight, 2);
});

Deno.test("classificationEncoder: several labels a text, or none", () => {
  const encoder = classificationEncoder({ tokenizer, labels, context: 4, multiLabel: true });
  const found = encoder.encode({ text: "abc", labels: ["spam", "ham"], place });
  assertEquals([found.labels, [...found.targets]], [[1, 0], [-1, -1, -1]]);
  assertEquals(encoder.encode({ text: "abc", labels: [], place }).labels, []);
});

Deno.test("classificationEncoder: a long text is an error with its line, or cut and counted", () => {
  const text = "abcdef";
  const strict = classificationEncoder({ tokenizer, labels, context: 4 });
  assertThrows(
    () => strict.encode({ text, labels: ["ham"], place }),
    DataError,
    "Cannot use line 3: the text has 6 tokens, more than the context of 4; shorten it, raise the " +
      "context, or have it cut (onLong), at a.tsv:30",
  );
  const cutting = classificationEncoder({ tokenizer, labels, context: 4, onLong: "cut" });
  const found = cutting.encode({ text, labels: ["ham"], place });
  assertEquals([[...found.tokens], [...found.targets]], [[97, 98, 99, 100], [-1, -1, -1, 0]]);
  cutting.encode({ text: "abcd", labels: ["ham"], place });
  assertEquals(cutting.report, { examples: 2, tokens: 8, cut: 1 });
});

Deno.test("classificationEncoder: unknown labels and characters are errors with the line", () => {
  const encoder = classificationEncoder({ tokenizer: charTokenizer("abc"), labels, context: 4 });
  assertThrows(
    () => encoder.encode({ text: "abc", labels: ["eggs"], place }),
    DataError,
    'line 3: the label "eggs" was never seen in training',
  );
  assertThrows(
    () => encoder.encode({ text: "abz", labels: ["ham"], place }),
    DataError,
    "Cannot use line 3: Cannot encode the character U+007A",
  );
  assertThrows(
    () => encoder.encode({ text: "", labels: ["ham"], place }),
    DataError,
    "its text has no tokens",
  );
});
