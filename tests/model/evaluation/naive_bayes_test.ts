import { assertEquals, assertThrows } from "@std/assert";
import { NaiveBayes } from "../../../model/mod.ts";

/** The worked example of Manning, Raghavan & Schütze 2008, table 13.1 and example 13.1. */
const TEXTS = [
  { text: "Chinese Beijing Chinese", label: "yes" },
  { text: "Chinese Chinese Shanghai", label: "yes" },
  { text: "Chinese Macao", label: "yes" },
  { text: "Tokyo Japan Chinese", label: "no" },
];

Deno.test("NaiveBayes: the textbook's example, words never seen left out", () => {
  const bayes = new NaiveBayes(TEXTS);
  assertEquals(bayes.tell("Chinese Chinese Chinese Tokyo Japan"), "yes");
  assertEquals(bayes.tell("Tokyo Japan"), "no");
  assertEquals(bayes.tell("Osaka Osaka"), "yes");
  assertThrows(() => new NaiveBayes([]), RangeError, "wanted texts, got none");
});
