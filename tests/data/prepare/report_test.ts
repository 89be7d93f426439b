import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Manifest } from "../../../data/mod.ts";
import { reportHtml } from "../../../data/prepare/report/mod.ts";
import { count, counted, markup, percent, size } from "../../../data/prepare/report/markup.ts";

const HOSTILE = `</pre><script>alert("x")</script>&amp;`;
const ESCAPED = "&lt;/pre&gt;&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;amp;";
const some = (documents: number, bytes: number) => ({ documents, bytes });
const counts = { documents: 4, bytes: 400, keptDocuments: 2, keptBytes: 150, keptCharacters: 150 };

const MANIFEST: Manifest = {
  ...{ documents: 2, tokens: 30, rows: 4, shared: 0, padding: 6 },
  dropped: { [HOSTILE]: { [HOSTILE]: some(1, 100) }, dedup: { near: some(1, 100) } },
  stages: [
    { name: HOSTILE, in: some(4, 400), out: some(3, 290) },
    { name: "dedup", in: some(3, 290), out: some(2, 190) },
  ],
  sources: [{
    ...{ path: HOSTILE, ...counts, tokens: 30, bytesPerToken: 5, fileBytes: 99, sha256: "00" },
    ...{ compression: "gzip", frames: 1, records: 4, replaced: 0, error: HOSTILE },
  }],
  tokenizer: { sha256: "abcdef", vocabularySize: 256, endOfText: null },
  options: { context: 8, tokenizer: HOSTILE, decontaminateMode: "cut" },
  totals: { ...counts, tokens: 30, bytesPerToken: 5 },
  splits: {
    train: { documents: 1, tokens: 20, rows: 3 },
    validation: { documents: 1, tokens: 10, rows: 1 },
  },
  duplicates: {
    ...{ exact: 0, near: 1, sizes: [{ from: 2, to: 2, clusters: 1 }] },
    largest: [{ id: HOSTILE, source: HOSTILE, size: 2 }],
    examples: [],
  },
  repeatedPassages: 0,
  evaluation: [{
    ...{ name: HOSTILE, files: [], items: 10, tooShort: 1, documents: 2, ngrams: 3, itemsFound: 1 },
    found: { 3: 2 },
  }],
  lengths: { bytes: { 6: 2 }, tokens: { 3: 1, 5: 1 } },
  frequencies: {
    used: 2,
    top: [{ id: 1, text: HOSTILE, count: 20 }, { id: 2, text: "\n", count: 10 }],
    byRank: [{ rank: 1, count: 20 }, { rank: 2, count: 10 }],
  },
  version: "2",
  seed: 1,
  timing: { startedAt: "2026-01-01T00:00:00.000Z", seconds: 1, bytesPerSecond: 400, work: "" },
};
const document = { id: HOSTILE, source: HOSTILE, text: HOSTILE };
const EXAMPLES = {
  kept: [document],
  dropped: [{ stage: HOSTILE, reason: HOSTILE, ...document }],
  duplicates: [{ kind: "near" as const, kept: document, dropped: document }],
};

Deno.test("report: what documents and files say stays text, and nothing is fetched", () => {
  const page = reportHtml(MANIFEST, EXAMPLES);
  assert(!page.includes("<script"));
  assert(!/<(?:link|img|iframe)|src=|href=|url\(|@import/.test(page));
  assertStringIncludes(page, `<pre>${ESCAPED}</pre>`);
  // In its cells and summaries: stage, reason, example, path, error, names and texts.
  assert(page.split(ESCAPED).length > 12, `${page.split(ESCAPED).length}`);
});

Deno.test("report: the numbers of every part are on it", () => {
  const page = reportHtml(MANIFEST, EXAMPLES);
  for (
    const text of [
      "<title>Corpus of 30 tokens</title>",
      "From 4 documents with 400 B of text in 1 file.",
      "<b>37.5%</b><span>of the text kept",
      "1 document, 110 B</span>", // taken away by the first stage
      "4 rows × 9 tokens = 30 + 0 + 6.",
      "0 documents with a text that had come before and 1 like an earlier one, in 1 cluster.",
      "13 words in a row with an item was cut or dropped",
      "1, 10.0%", // items found
      "2 of the 256 in the vocabulary occur",
      "rank 2: 10 of 2 tokens",
      "<span>in validation</span>",
    ]
  ) assertStringIncludes(page, text);
  const { evaluation: _, ...rest } = MANIFEST;
  assert(!reportHtml({ ...rest, evaluation: [] }, EXAMPLES).includes("Evaluation sets"));
});

Deno.test("report: of nothing there is a page too", () => {
  const none = {
    ...counts,
    documents: 0,
    bytes: 0,
    keptDocuments: 0,
    keptBytes: 0,
    keptCharacters: 0,
  };
  const page = reportHtml({
    ...MANIFEST,
    ...{ documents: 0, tokens: 0, rows: 0, padding: 0, dropped: {}, stages: [], sources: [] },
    totals: { ...none, tokens: 0, bytesPerToken: null },
    duplicates: { exact: 0, near: 0, sizes: [], largest: [], examples: [] },
    lengths: { bytes: {}, tokens: {} },
    frequencies: { used: 0, top: [], byRank: [] },
  }, { kept: [], dropped: [], duplicates: [] });
  assert(!/NaN|Infinity|undefined/.test(page));
});

Deno.test("markup: parts are escaped, lists joined, numbers written for people", () => {
  assertEquals(markup`<p>${"a<b"}${[markup`<i>`, 3]}${undefined}</p>`.text, "<p>a&lt;b<i>3</p>");
  assertEquals([count(12345), counted(1, "row"), counted(2, "row")], ["12,345", "1 row", "2 rows"]);
  assertEquals([size(0), size(999), size(1e6), size(12.3e9)], ["0 B", "999 B", "1.0 MB", "12 GB"]);
  assertEquals([percent(0, 0), percent(1, 3), percent(1, 1e6)], ["0%", "33.3%", "<0.1%"]);
});
