import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { evaluationReportHtml, percentFigure, scoreClassification } from "../../../model/mod.ts";

Deno.test("evaluationReportHtml: figures with intervals, mistakes, matrix and classes, all escaped", () => {
  const scores = scoreClassification(["<a>", "<a>", "b", "b"], ["<a>", "b", "b", "b"]);
  const html = evaluationReportHtml({
    title: "a & b",
    about: "a <model>",
    figures: [
      percentFigure("accuracy", scores.accuracy, { low: 0.5, high: 1 }),
      { name: "texts", value: "4" },
    ],
    classes: scores.classes,
    confusion: { labels: scores.classes.map(({ label }) => label), counts: scores.confusion },
    groups: [
      {
        title: "Most confident mistakes",
        examples: [{ input: "1 < 2", expected: "<a>", found: "b", note: "99% sure" }],
      },
      {
        title: "Entities",
        examples: [{
          expected: { text: "in <Paris>", entities: [{ type: "LOC", start: 4, end: 9 }] },
          found: { text: "in <Paris>", entities: [] },
        }],
      },
      { title: "None at all", examples: [] },
    ],
    notes: ["seed <1>"],
  });
  assertStringIncludes(html, "<b>75.0%</b>");
  assertStringIncludes(html, "50.0% to 100.0%");
  assertStringIncludes(html, '<p class="input">1 &lt; 2</p>');
  assertStringIncludes(html, "in &lt;<mark>Paris<small>LOC</small></mark>&gt;");
  assertMatch(html, /None at all<\/h2>\s*<p>None\.<\/p>/);
  // The weakest class first.
  assert(html.indexOf("<td>&lt;a&gt;<td") < html.indexOf("<td>b<td"));
  for (const raw of ["<a>", "<model>", "1 < 2", "<1>", "undefined", "NaN"]) {
    assert(!html.includes(raw), raw);
  }
});

Deno.test("evaluationReportHtml: needs nothing but itself", () => {
  const html = evaluationReportHtml({ title: "t", about: "a", figures: [] });
  assertEquals(html.match(/<(script|link|img|iframe)\b/g), null);
  assertEquals(
    html.replaceAll("http://www.w3.org/2000/svg", "").match(/https?:|url\(|@import/g),
    null,
  );
});
