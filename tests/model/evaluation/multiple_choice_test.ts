import { assertEquals, assertThrows } from "@std/assert";
import { preferredChoice, scoreMultipleChoice } from "../../../model/mod.ts";

const choices = [
  { logLikelihood: -10, characters: 5 }, // -2 a character
  { logLikelihood: -12, characters: 12 }, // -1
  { logLikelihood: -12, characters: 12 },
];

Deno.test("scoreMultipleChoice: by the likelihood of a character, and by the plain one", () => {
  assertEquals(preferredChoice(choices), 1);
  assertEquals(preferredChoice(choices, { normalized: false }), 0);
  const found = scoreMultipleChoice([1, 0, 2, 1].map((answer) => ({ choices, answer })));
  assertEquals([found.accuracyNormalized, found.accuracy, found.questions], [0.5, 0.25, 4]);
  assertThrows(() => preferredChoice([]), RangeError, "wanted some choices, got none");
  assertThrows(() => scoreMultipleChoice([]), RangeError, "Cannot draw anew");
});
