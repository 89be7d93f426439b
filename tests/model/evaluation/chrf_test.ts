import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { scoreChrf } from "../../../model/mod.ts";
import { readGolden } from "./golden.ts";

Deno.test("scoreChrf: sacreBLEU's published example, two references", () => {
  const { score, signature, interval } = scoreChrf(
    [
      ["The dog bit the man.", "The dog had bit the man."],
      ["It was not unexpected.", "No one was surprised."],
      ["The man bit him first.", "The man had bitten the dog."],
    ],
    ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."],
  );
  assertEquals(score.toFixed(2), "59.73");
  assertEquals(signature, "nrefs:2|case:mixed|eff:yes|nc:6|nw:0|space:no|version:quern");
  assert(interval.low < score && score <= interval.high);
});

Deno.test("scoreChrf: sacreBLEU's published short cases", () => {
  const cases: [string[], string[], number][] = [
    [["a"], ["a"], 100],
    [[""], ["reference"], 0],
    [["a b c"], ["abc"], 100],
    [["a", "b"], ["a", "c"], 50],
    [["aa"], ["ab"], 25],
  ];
  for (const [predictions, references, score] of cases) {
    const found = scoreChrf(references.map((each) => [each]), predictions, { beta: 3 });
    assertAlmostEquals(found.score, score, 1e-10);
  }
});

Deno.test("scoreChrf: the formula in exact fractions, English and Chinese", async () => {
  for (const { pairs, score } of (await readGolden()).chrf) {
    const found = scoreChrf(pairs.map(([, reference]) => [reference]), pairs.map(([text]) => text));
    assertAlmostEquals(found.score, score, 1e-10);
  }
});

Deno.test("scoreChrf: wrong numbers of segments are errors", () => {
  assertThrows(
    () => scoreChrf([["a"]], ["a", "b"]),
    RangeError,
    "got 2 predictions and 1 references",
  );
  assertThrows(() => scoreChrf([[]], ["a"]), RangeError, "segment 1: it has no reference");
});
