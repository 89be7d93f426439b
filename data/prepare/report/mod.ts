/**
 * The page about a prepared corpus: one file that fetches nothing.
 *
 * @module
 */
import type { Manifest } from "../manifest.ts";
import { flowChart, frequencyPlot, histogram, rowChart } from "./charts.ts";
import type { Examples } from "./examples.ts";
import { count, counted, Markup, markup, percent, size } from "./markup.ts";
import { STYLE } from "./style.ts";
import {
  dropTable,
  duplicateSection,
  evaluationTable,
  optionTable,
  sample,
  sourceTable,
} from "./tables.ts";

export type { Examples, ShownDocument } from "./examples.ts";

/**
 * A page of a manifest for people: what went in, what came out, and what became of the rest. How
 * long it took is not on it, so that two runs write the same page.
 */
export function reportHtml(manifest: Manifest, examples: Examples): string {
  const { totals, lengths, tokenizer, frequencies } = manifest;
  return markup`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Corpus of ${counted(manifest.tokens, "token")}</title>
<style>${new Markup(STYLE)}</style>
<h1>${counted(manifest.tokens, "token")} in ${counted(manifest.rows, "row")}</h1>
<p>From ${counted(totals.documents, "document")} with ${size(totals.bytes)} of text in ${
    counted(manifest.sources.length, "file")
  }.</p>
${facts(manifest)}

<h2>From raw to packed</h2>
<p>The text that each stage lets go on, and what it takes away.</p>
${flowChart(manifest)}
<h3>What the rows hold</h3>
${rowChart(manifest)}

<h2>Why documents were dropped</h2>
<p>A reason opens on the first document that it took.</p>
${dropTable(manifest, examples.dropped)}

<h2>How long the documents kept are</h2>
<div class="columns">
<div class="card"><h3>By bytes of text</h3>${histogram(lengths.bytes, size)}</div>
<div class="card"><h3>By tokens</h3>${histogram(lengths.tokens, count)}</div>
</div>

<h2>Tokens</h2>
<p>${count(frequencies.used)} of the ${count(tokenizer.vocabularySize)} in the vocabulary occur.</p>
${frequencies.used > 0 ? tokenCards(manifest) : undefined}

<h2>Duplicates</h2>
${duplicateSection(manifest, examples.duplicates)}
${
    manifest.evaluation.length > 0
      ? markup`
<h2>Evaluation sets</h2>
${evaluationTable(manifest)}`
      : undefined
  }

<h2>Sources</h2>
${sourceTable(manifest)}

<h2>Some documents that were kept</h2>
${examples.kept.map(sample)}

<h2>How it was made</h2>
${optionTable(manifest)}
<p>The tokenizer's SHA-256 begins <code>${tokenizer.sha256.slice(0, 16)}</code>. All numbers are in
manifest.json.</p>
</html>
`.text;
}

function facts(
  { documents, totals, duplicates, rows, padding, options, splits }: Manifest,
): Markup {
  const values: [value: string, name: string][] = [
    [count(documents), "documents kept"],
    [percent(totals.keptBytes, totals.bytes), "of the text kept"],
    [totals.bytesPerToken?.toFixed(2) ?? "–", "bytes a token"],
    [count(duplicates.exact + duplicates.near), "duplicates"],
    [percent(padding, rows * (Number(options.context) + 1)), "padding"],
    ...Object.entries(splits).filter(([name]) => name !== "")
      .map(([name, { documents }]): [string, string] => [count(documents), `in ${name}`]),
  ];
  const cards = values.map(([value, name]) =>
    markup`
<div><b>${value}</b><span>${name}</span></div>`
  );
  return markup`<div class="facts">${cards}
</div>`;
}

function tokenCards({ frequencies }: Manifest): Markup {
  const all = frequencies.top.map(({ text, count: times }) =>
    markup`<span>${JSON.stringify(text).slice(1, -1)} <small>${count(times)}</small></span>`
  );
  return markup`<div class="columns">
<div class="card"><h3>The most frequent</h3><div class="tokens">${all}</div></div>
<div class="card"><h3>How often, by rank</h3>${frequencyPlot(frequencies)}</div>
</div>`;
}
