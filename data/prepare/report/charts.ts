import type { Manifest } from "../manifest.ts";
import type { TokenFrequencies } from "../token_counts.ts";
import { count, counted, type Markup, markup, percent, size } from "./markup.ts";

/** What each stage let through and what it took away. */
export function flowChart({ totals, stages, dropped }: Manifest): Markup {
  const read = { documents: totals.documents, bytes: totals.bytes };
  const rows = [{ name: "read", in: read, out: read }, ...stages].map(({ name, in: came, out }) => {
    const lost = Object.values(dropped[name] ?? {})
      .reduce((sum, { documents }) => sum + documents, 0);
    const bytes = came.bytes - out.bytes;
    const notes = [lost > 0 ? counted(lost, "document") : "", bytes > 0 ? size(bytes) : ""];
    return markup`
<span class="wide">${name}</span>
<span class="track">${bar(out.bytes, read.bytes)}${bar(bytes, read.bytes, "lost")}</span>
<span class="n">${counted(out.documents, "document")}, ${size(out.bytes)}</span>
<span class="n lost-text">${notes.filter((note) => note !== "").join(", ")}</span>`;
  });
  return markup`<div class="bars flow">
<span class="head">stage</span><span class="head">text</span>
<span class="head n">goes on</span><span class="head n">is taken away</span>${rows}
</div>`;
}

/** What the rows are made of. */
export function rowChart({ rows, tokens, shared, padding, dropped, options }: Manifest): Markup {
  const length = Number(options.context) + 1;
  const tail = dropped.packing?.tail?.tokens ?? 0;
  const kinds: [name: string, tokens: number, kind: string][] = [
    ["text", tokens, ""],
    ["shared by two rows", shared, "soft"],
    ["padding", padding, "lost"],
  ];
  const bars = kinds.map(([name, number, kind]) =>
    markup`
<span>${name}</span><span class="track">${bar(number, rows * length, kind)}</span>
<span class="n">${counted(number, "token")}, ${percent(number, rows * length)}</span>`
  );
  return markup`<div class="bars">${bars}
</div>
<p>${count(rows)} rows × ${count(length)} tokens = ${count(tokens)} + ${count(shared)} + ${
    count(padding)
  }.${tail > 0 ? ` The last ${counted(tail, "token")} filled no row.` : ""}</p>`;
}

/** Bars of how many documents have which length, in powers of two. */
export function histogram(
  lengths: Record<string, number>,
  show: (length: number) => string,
): Markup {
  const keys = Object.keys(lengths).map(Number);
  if (keys.length === 0) return markup`<p>None.</p>`;
  const first = Math.min(...keys);
  const most = Math.max(...Object.values(lengths));
  const bars = Array.from({ length: Math.max(...keys) - first + 1 }, (_, i) => {
    const number = lengths[first + i] ?? 0;
    return markup`
<span class="n">${show(2 ** (first + i))}+</span><span class="track thin">${
      bar(number, most)
    }</span>
<span class="n soft">${count(number)}</span>`;
  });
  return markup`<div class="bars">${bars}
</div>`;
}

/** How often tokens stand, by their rank, both on logarithmic scales. */
export function frequencyPlot({ byRank, used }: TokenFrequencies): Markup {
  const [first, last] = [byRank[0], byRank[byRank.length - 1]];
  const [width, height] = [Math.log(Math.max(2, last.rank)), Math.log(Math.max(2, first.count))];
  const points = byRank.map(({ rank, count }) => {
    const [x, y] = [Math.log(rank) / width, 1 - Math.log(count) / height];
    return `${(1000 * x).toFixed(1)},${(300 * y).toFixed(1)}`;
  });
  return markup`<div class="plot">
<svg viewBox="0 -4 1000 308" preserveAspectRatio="none" role="img" aria-label="Counts by rank">
<polyline points="${points.join(" ")}"/></svg></div>
<div class="axis"><span>rank 1: ${count(first.count)} times</span>
<span>rank ${count(last.rank)}: ${count(last.count)} of ${count(used)} tokens</span></div>`;
}

/** A part of a bar. */
export function bar(value: number, whole: number, kind: string = ""): Markup {
  const width = whole === 0 ? 0 : Math.max(0, 100 * value / whole);
  return markup`<i class="${kind}" style="width:${width.toFixed(2)}%"></i>`;
}
