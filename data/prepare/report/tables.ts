import type { DroppedDocument } from "../clean_task.ts";
import type { Manifest } from "../manifest.ts";
import { bar } from "./charts.ts";
import type { ShownDocument, ShownDuplicate } from "./examples.ts";
import { count, counted, type Markup, markup, percent, size } from "./markup.ts";

/** Why documents were dropped; each reason opens on one of them. */
export function dropTable(
  { dropped, totals }: Manifest,
  examples: readonly DroppedDocument[],
): Markup {
  const rows = Object.entries(dropped).flatMap(([stage, reasons]) =>
    Object.entries(reasons).map(([reason, lost]) => ({ stage, reason, ...lost }))
  ).filter(({ documents }) => documents > 0)
    .sort((a, b) => b.documents - a.documents || b.bytes - a.bytes);
  if (rows.length === 0) return markup`<p>None was.</p>`;
  const list = rows.map(({ stage, reason, documents, bytes }) => {
    const example = examples.find((each) => each.stage === stage && each.reason === reason);
    return markup`
<details class="reason"><summary><span>${reason} <span class="soft">${stage}</span></span>
<span class="track thin">${bar(documents, rows[0].documents, "lost")}</span>
<span class="n">${count(documents)} · ${size(bytes)}</span>
<span class="n soft share">${percent(documents, totals.documents)}</span></summary>
${example && excerpt(example)}</details>`;
  });
  return markup`${list}`;
}

/** Clusters of duplicates, and some pairs beside each other. */
export function duplicateSection(
  { duplicates, options }: Manifest,
  examples: readonly ShownDuplicate[],
): Markup {
  const { exact, near, sizes, largest } = duplicates;
  if (options.dedup === "none") return markup`<p>They were not looked for.</p>`;
  if (exact + near === 0) return markup`<p>None was found.</p>`;
  const clusters = sizes.map((each) => each.clusters);
  const bars = sizes.map(({ from, to }, i) =>
    markup`
<span class="n">${from === to ? from : `${count(from)}–${count(to)}`}</span>
<span class="track thin">${bar(clusters[i], Math.max(...clusters))}</span>
<span class="n soft">${count(clusters[i])}</span>`
  );
  const rows = largest.slice(0, 8).map((each) =>
    markup`
<tr><td class="path">${name(each)}<td class="n">${count(each.size)}</tr>`
  );
  const pairs = examples.map(({ kind, kept, dropped }) =>
    markup`
<details><summary>${kind}: ${name(dropped)} is ${kind === "exact" ? "" : "like "}${
      name(kept)
    }</summary>
<div class="columns"><pre>${kept.text}</pre><pre>${dropped.text}</pre></div></details>`
  );
  return markup`<p>${counted(exact, "document")} with a text that had come before and ${
    count(near)
  } like an earlier one, in ${counted(clusters.reduce((a, b) => a + b, 0), "cluster")}.</p>
<div class="columns">
<div class="card"><h3>Clusters, by the number of their documents</h3><div class="bars">${bars}
</div></div>
<div class="card"><h3>The largest ones</h3>
<table><tr><th>document kept<th class="n">documents</tr>${rows}
</table></div></div>${pairs}`;
}

/** What was found of each evaluation set. */
export function evaluationTable({ evaluation, options }: Manifest): Markup {
  const { decontaminateMode: mode = "drop", decontaminateWords: words = 13 } = options;
  const done = mode === "drop" ? "was dropped" : mode === "cut" ? "was cut or dropped" : "was left";
  const rows = evaluation.map(({ name, items, tooShort, itemsFound, documents, ngrams }) =>
    markup`
<tr><td class="path"><b>${name}</b><td class="n">${count(items)}<td class="n">${count(tooShort)}
<td class="n ${itemsFound > 0 ? "lost-text" : "good"}">${count(itemsFound)}, ${
      percent(itemsFound, items)
    }
<td class="n">${count(documents)}<td class="n">${count(ngrams)}</tr>`
  );
  return markup`<p>A document that shares ${String(words)} words in a row with an item ${done}.</p>
<div class="scroll"><table><tr><th>set<th class="n">items<th class="n">too short to be found
<th class="n">found<th class="n">documents with some<th class="n">places</tr>${rows}
</table></div>`;
}

/** The most sources that the page lists. */
const MOST_SOURCES = 100;

/** What came of each file. */
export function sourceTable({ sources }: Manifest): Markup {
  const rest = sources.length - MOST_SOURCES;
  const rows = sources.slice(0, MOST_SOURCES).map((source) =>
    markup`
<tr><td class="path">${source.path}${
      source.error && markup`<br><span class="lost-text">${source.error}</span>`
    }
<td class="n">${size(source.fileBytes)}<td class="n">${count(source.documents)}
<td class="n">${count(source.keptDocuments)}<td class="n">${count(source.tokens)}
<td class="n">${source.bytesPerToken?.toFixed(2) ?? "–"}</tr>`
  );
  return markup`<div class="scroll"><table><tr><th>file<th class="n">size<th class="n">documents
<th class="n">kept<th class="n">tokens<th class="n">bytes a token</tr>${rows}
</table></div>${rest > 0 ? markup`<p>And ${count(rest)} more, in manifest.json.</p>` : undefined}`;
}

/** The options, a line each. */
export function optionTable({ options }: Manifest): Markup {
  const shown = Object.entries(options).filter(([, value]) =>
    value !== undefined && !(Array.isArray(value) && value.length === 0)
  );
  const rows = shown.map(([name, value]) =>
    markup`
<tr><td><code>${name}</code><td class="path">${
      typeof value === "string" ? value : JSON.stringify(value)
    }</tr>`
  );
  return markup`<div class="scroll"><table>${rows}
</table></div>`;
}

/** A document that opens on its beginning. */
export function sample(document: ShownDocument): Markup {
  return markup`
<details><summary>${name(document)}</summary><pre>${document.text}</pre></details>`;
}

function excerpt(document: ShownDocument): Markup {
  return markup`<p>${name(document)}</p><pre>${document.text}</pre>`;
}

function name({ id, source }: { id: string; source: string }): Markup {
  return markup`${id} <span class="soft">${source}</span>`;
}
