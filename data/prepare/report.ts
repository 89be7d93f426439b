import type { DroppedDocument } from "./clean_task.ts";
import { sumDrops } from "./account.ts";
import type { Manifest } from "./manifest.ts";

/** Documents that the report shows. */
export interface Examples {
  kept: { id: string; source: string; text: string }[];
  dropped: DroppedDocument[];
}

const STYLE = `
  :root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --line: #d8dee4;
    --paper: #ffffff; --kept: #0969da; --lost: #bc4c00; --shade: #f6f8fa; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #2f363d;
    --paper: #0d1117; --kept: #58a6ff; --lost: #ffa657; --shade: #151b23; } }
  body { margin: 0 auto; max-width: 60rem; padding: 2.5rem 1.5rem 5rem; background: var(--paper);
    color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
  h1 { font-size: 1.9rem; margin: 0; } h2 { font-size: 1.15rem; margin: 3rem 0 .75rem; }
  p, .soft { color: var(--soft); } p { margin: .25rem 0 1rem; }
  .facts { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 1.75rem 0 0; }
  .facts div { min-width: 6rem; } .facts b { display: block; font-size: 1.6rem; font-weight: 600;
    font-variant-numeric: tabular-nums; }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  th { text-align: left; font-weight: 500; color: var(--soft); }
  th, td { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line);
    vertical-align: top; }
  .n { text-align: right; white-space: nowrap; } td.bar { width: 34%; }
  .bar i { display: block; height: .8rem; margin-top: .35rem; border-radius: 2px;
    background: var(--kept); } .bar i.lost { background: var(--lost); }
  .path { overflow-wrap: anywhere; }
  details { margin: .5rem 0; padding: .6rem .9rem; background: var(--shade); border-radius: 6px; }
  summary { cursor: pointer; overflow-wrap: anywhere; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.5 ui-monospace, monospace;
    margin: .6rem 0 0; }
  svg { width: 100%; height: auto; } svg rect { fill: var(--kept); }
  svg text { fill: var(--soft); font: 12px system-ui, sans-serif; text-anchor: middle; }`;

/** A page of a manifest for people: what went in, what came out, and what became of the rest. */
export function reportHtml(manifest: Manifest, examples: Examples): string {
  const { totals, dropped, duplicates } = manifest;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Prepared corpus: ${count(manifest.tokens)} tokens</title>
<style>${STYLE}
</style>
<h1>${count(manifest.tokens)} tokens in ${count(manifest.rows)} rows</h1>
<p>From ${count(totals.documents)} documents and ${size(totals.bytes)} of text.</p>
<div class="facts">
${fact(count(manifest.documents), "documents kept")}
${fact(percent(totals.keptBytes, totals.bytes), "of the text kept")}
${fact(totals.bytesPerToken?.toFixed(2) ?? "–", "bytes a token")}
${fact(percent(manifest.padding, manifest.rows * rowTokens(manifest)), "padding")}
${fact(count(duplicates.exact + duplicates.near), "duplicates")}
</div>

<h2>From raw to packed</h2>
${flowTable(manifest)}

<h2>Why documents were dropped</h2>
${dropTable(manifest)}

<h2>Tokens of a document</h2>
${histogram(manifest.lengths)}

<h2>Duplicates</h2>
${duplicateTable(manifest)}

<h2>Sources</h2>
${sourceTable(manifest)}

<h2>Some documents that were kept</h2>
${
    examples.kept.map(({ id, source, text }) =>
      example(`${id} <span class="soft">${escape(source)}</span>`, text)
    ).join("\n") || none
  }

<h2>Some that were dropped</h2>
${
    examples.dropped.map(({ stage, reason, id, text }) =>
      example(
        `<b>${escape(stage)}: ${escape(reason)}</b> <span class="soft">${escape(id)}</span>`,
        text,
      )
    ).join("\n") || none
  }

<h2>How it was made</h2>
<pre>${escape(JSON.stringify(manifest.options, null, 2))}</pre>
<p>Tokenizer ${escape(manifest.tokenizer.sha256.slice(0, 16))}, ${
    count(manifest.tokenizer.vocabularySize)
  } tokens. Quern ${escape(manifest.version)}. ${
    sumDrops(dropped).documents === 0 ? "Nothing was dropped." : ""
  }</p>
</html>
`;
}

const none = `<p>None.</p>`;

function flowTable({ totals, dropped, documents, tokens }: Manifest): string {
  const rows: [string, number, number][] = [["read", totals.documents, totals.bytes]];
  let [left, bytes] = [totals.documents, totals.bytes];
  for (const [stage, reasons] of Object.entries(dropped)) {
    for (const lost of Object.values(reasons)) {
      left -= lost.documents;
      bytes -= lost.bytes;
    }
    if (stage !== "packing") rows.push([`after ${stage}`, left, bytes]);
  }
  rows.push([`kept: ${count(tokens)} tokens`, documents, totals.keptBytes]);
  return `<table><tr><th>step<th class="n">documents<th class="n">text<th></tr>
${
    rows.map(([name, documents, bytes]) =>
      `<tr><td>${escape(name)}<td class="n">${count(documents)}<td class="n">${size(bytes)}` +
      `<td class="bar"><i style="width:${percent(bytes, totals.bytes)}"></i></tr>`
    ).join("\n")
  }
</table>`;
}

function dropTable({ dropped, totals }: Manifest): string {
  const rows = Object.entries(dropped).flatMap(([stage, reasons]) =>
    Object.entries(reasons).map(([reason, lost]) => ({ stage, reason, ...lost }))
  ).sort((a, b) => b.documents - a.documents || b.bytes - a.bytes);
  if (rows.length === 0) return none;
  const most = rows[0].documents;
  return `<table><tr><th>stage<th>reason<th class="n">documents<th class="n">share<th></tr>
${
    rows.map(({ stage, reason, documents, tokens }) =>
      `<tr><td>${escape(stage)}<td>${escape(reason)}<td class="n">${
        tokens === undefined ? count(documents) : `${count(tokens)} tokens`
      }<td class="n">${percent(documents, totals.documents)}` +
      `<td class="bar"><i class="lost" style="width:${percent(documents, most)}"></i></tr>`
    ).join("\n")
  }
</table>`;
}

function histogram(lengths: Record<string, number>): string {
  const keys = Object.keys(lengths).map(Number);
  if (keys.length === 0) return none;
  const [first, last] = [Math.min(...keys), Math.max(...keys)];
  const most = Math.max(...Object.values(lengths));
  const width = 720 / (last - first + 1);
  const bars = Array.from({ length: last - first + 1 }, (_, i) => {
    const documents = lengths[first + i] ?? 0;
    const height = 150 * documents / most;
    const x = i * width;
    return `<rect x="${(x + width * 0.1).toFixed(1)}" y="${(170 - height).toFixed(1)}" width="${
      (width * 0.8).toFixed(1)
    }" height="${height.toFixed(1)}" rx="2"/>` +
      (documents > 0
        ? `<text x="${(x + width / 2).toFixed(1)}" y="${(164 - height).toFixed(1)}">${
          count(documents)
        }</text>`
        : "") +
      `<text x="${(x + width / 2).toFixed(1)}" y="188">${count(2 ** (first + i))}+</text>`;
  });
  return `<svg viewBox="0 0 720 196" role="img" aria-label="Documents by their number of tokens">${
    bars.join("")
  }</svg>`;
}

function duplicateTable({ duplicates }: Manifest): string {
  const { sizes } = duplicates.clusters;
  if (sizes.length === 0) return none;
  return `<p>${count(duplicates.exact)} exact and ${count(duplicates.near)} near duplicates in ${
    count(sizes.reduce((sum, { clusters }) => sum + clusters, 0))
  } clusters.</p>
<table><tr><th>documents in a cluster<th class="n">clusters</tr>
${
    sizes.map(({ from, to, clusters }) =>
      `<tr><td>${from === to ? from : `${from} to ${to}`}<td class="n">${count(clusters)}</tr>`
    ).join("\n")
  }
</table>`;
}

/** The most sources that the page lists. */
const MOST_SOURCES = 100;

function sourceTable({ sources }: Manifest): string {
  const rest = sources.length - MOST_SOURCES;
  return `<table><tr><th>file<th class="n">file size<th class="n">documents<th class="n">kept<th class="n">tokens<th class="n">bytes a token</tr>
${
    sources.slice(0, MOST_SOURCES).map((source) =>
      `<tr><td class="path">${escape(source.path)}${
        source.error ? ` <b>${escape(source.error)}</b>` : ""
      }<td class="n">${size(source.fileBytes)}<td class="n">${count(source.documents)}` +
      `<td class="n">${count(source.keptDocuments)}<td class="n">${count(source.tokens)}` +
      `<td class="n">${source.bytesPerToken?.toFixed(2) ?? "–"}</tr>`
    ).join("\n")
  }
</table>${rest > 0 ? `<p>And ${count(rest)} more, in manifest.json.</p>` : ""}`;
}

function example(title: string, text: string): string {
  return `<details><summary>${title}</summary><pre>${escape(text)}</pre></details>`;
}

function fact(value: string, name: string): string {
  return `<div><b>${value}</b><span class="soft">${name}</span></div>`;
}

function rowTokens({ options }: Manifest): number {
  return Number(options.context) + 1;
}

function count(number: number): string {
  return number.toLocaleString("en");
}

function size(bytes: number): string {
  const unit = bytes < 1e3 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** unit;
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${
    ["B", "kB", "MB", "GB", "TB"][unit]
  }`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "0%" : `${(100 * part / whole).toFixed(1)}%`;
}

function escape(text: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => names[character]);
}
