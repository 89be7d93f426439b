import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { distinctRuns, scoreLanguage } from "../../../model/mod.ts";

Deno.test("scoreLanguage: by hand; texts weigh by their tokens", () => {
  const found = scoreLanguage([
    { nats: 6 * Math.LN2, tokens: 3, bytes: 12 },
    { nats: 2 * Math.LN2, tokens: 1, bytes: 4 },
  ]);
  // 8 bits over 4 tokens and 16 bytes.
  assertAlmostEquals(found.loss, 2 * Math.LN2, 1e-15);
  assertAlmostEquals(found.perplexity, 4, 1e-12);
  assertAlmostEquals(found.bitsPerByte, 0.5, 1e-15);
  assertEquals(found.tokens, 4);
  assertAlmostEquals(found.intervals.perplexity.low, 4, 1e-12);
  assertThrows(() => scoreLanguage([]), RangeError, "wanted some targets, got none");
});

Deno.test("distinctRuns: different runs over all runs, none across texts", () => {
  const texts = ["i do not know", "i do", "no"].map((text) => text.split(" "));
  assertEquals(distinctRuns(texts, 1), 5 / 7);
  assertEquals(distinctRuns(texts, 2), 3 / 4);
  assertEquals(distinctRuns(texts, 5), 0);
});
