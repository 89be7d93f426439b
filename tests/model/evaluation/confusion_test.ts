import { assert, assertEquals, assertMatch } from "@std/assert";
import { confusionSvg, confusionTable, mistakesOf } from "../../../model/mod.ts";

const small = { labels: ["ham", "spam & <eggs>"], counts: [[95, 1], [0, 12]] };
const names = Array.from({ length: 30 }, (_, i) => `class ${i}`);
const large = {
  labels: names,
  counts: names.map((_, i) => names.map((_, j) => i === j ? 50 : j === i + 1 ? i : 0)),
};

Deno.test("confusionTable: a row for each class, or of many classes what was confused most", () => {
  assertEquals(
    confusionTable({ labels: ["ham", "a name that is too long"], counts: [[95, 1], [2, 12]] }),
    [
      "                  ham  a name that is …",
      "             ham   95                 1",
      "a name that is …    2                12",
    ].join("\n"),
  );
  const lines = confusionTable(large).split("\n");
  assertEquals(lines[0], "   28  class 28 → class 29");
  assertEquals([lines.length, lines[20]], [21, "       and 8 other pairs"]);
  const perfect = {
    labels: names,
    counts: names.map((_, i) => names.map((_, j) => i === j ? 1 : 0)),
  };
  assertEquals(confusionTable(perfect), "nothing was confused");
});

Deno.test("mistakesOf: the most frequent first, nothing of the diagonal", () => {
  assertEquals(mistakesOf(small), [{ wanted: "ham", found: "spam & <eggs>", count: 1 }]);
});

Deno.test("confusionSvg: a field for each pair, its numbers where there is room, names escaped", () => {
  const svg = confusionSvg(small);
  assertEquals(svg.match(/<rect class="(right|wrong|empty)"/g)?.length, 4);
  assertEquals(svg.match(/<rect class="empty"/g)?.length, 1);
  assertMatch(svg, /<title>ham → spam &amp; &lt;eggs&gt;: 1<\/title>/);
  assertMatch(svg, />95<\/text>/);
  assert(!svg.includes("<eggs>") && !svg.includes("NaN"));
  const wide = confusionSvg(large);
  assertEquals(wide.match(/<g><title>/g)?.length, 900);
  assert(!/>50<\/text>/.test(wide));
});
