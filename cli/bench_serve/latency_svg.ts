import { firstTokens, gaps, percentile } from "./report.ts";
import type { Served } from "./request.ts";

const SIZE = { width: 760, height: 360 };
const PANEL = { width: 290, top: 56, bottom: 296 };
/** Left edges of the two panels. */
const LEFTS = [64, 436];
/** Shares at which a curve is drawn: every half percent. */
const SHARES = Array.from({ length: 201 }, (_, i) => i / 200);
const MARKS = [0.5, 0.95, 0.99];

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; } .small { font-size: 11px; }
  .paper { fill: #ffffff; } .grid { stroke: #d8dee4; } .axis { stroke: #59636e; fill: none; }
  .curve { fill: none; stroke: #0969da; stroke-width: 2; stroke-linejoin: round; }
  .dot { fill: #bc4c00; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .paper { fill: #0d1117; } .grid { stroke: #2f363d; }
    .axis { stroke: #8b949e; } .curve { stroke: #58a6ff; } .dot { fill: #ffa657; }
  }`;

/**
 * Draws which share of the times to the first token, and of those between tokens, is below which
 * number of milliseconds; readable on light and on dark pages.
 */
export function latencySvg(served: readonly Served[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="Times of a server's answers">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${SIZE.width}" height="${SIZE.height}"/>`,
    ...panel(LEFTS[0], "to the first token", firstTokens(served)),
    ...panel(LEFTS[1], "between tokens", gaps(served)),
    "</svg>\n",
  ].join("\n");
}

function panel(left: number, title: string, times: readonly number[]): string[] {
  const { width, top, bottom } = PANEL;
  // A logarithm has no place for 0: what comes at once is drawn as a hundredth of a millisecond.
  const sorted = times.map((ms) => Math.max(ms, 0.01)).sort((a, b) => a - b);
  const [low, high] = bounds(sorted);
  const tenth = (value: number) => Math.round(10 * value) / 10;
  const x = (ms: number) => tenth(left + width * Math.log(ms / low) / Math.log(high / low));
  const y = (share: number) => tenth(bottom - (bottom - top) * share);
  const at = (share: number) => `${x(percentile(sorted, share))} ${y(share)}`;
  const parts = [
    `<text x="${left}" y="36">${title} (${times.length.toLocaleString("en")})</text>`,
    ...ticks(low, high).map((ms) =>
      `<path class="grid" d="M${x(ms)} ${top}V${bottom}"/>` +
      `<text class="small" x="${x(ms)}" y="${bottom + 16}" text-anchor="middle">${ms}</text>`
    ),
    ...[0, 0.25, 0.5, 0.75, 1].map((share) =>
      `<path class="grid" d="M${left} ${y(share)}h${width}"/>` +
      `<text class="small" x="${left - 6}" y="${y(share) + 4}" text-anchor="end">${
        100 * share
      }%</text>`
    ),
    `<path class="axis" d="M${left} ${top}V${bottom}h${width}"/>`,
    `<text x="${left + width / 2}" y="${bottom + 40}" text-anchor="middle">milliseconds</text>`,
  ];
  if (sorted.length === 0) return parts;
  parts.push(`<path class="curve" d="M${SHARES.map(at).join("L")}"/>`);
  for (const share of MARKS) {
    const ms = percentile(sorted, share);
    const hasRoom = x(ms) < left + width - 12;
    const [place, anchor] = hasRoom ? [x(ms) + 8, "start"] : [x(ms) - 8, "end"];
    const line = y(share) + (share === 0.99 ? 0 : 14);
    parts.push(
      `<circle class="dot" cx="${x(ms)}" cy="${y(share)}" r="3.5"/>`,
      `<text class="small" x="${place}" y="${line}" text-anchor="${anchor}">` +
        `p${100 * share} ${ms.toPrecision(3)}</text>`,
    );
  }
  return parts;
}

/** Powers of ten times 1, 2 or 5 around all times. */
function bounds(sorted: readonly number[]): [low: number, high: number] {
  const [least, most] = [sorted.at(0) ?? 1, sorted.at(-1) ?? 100];
  const around = steps(least / 10, most * 10);
  const low = around.findLast((step) => step <= least)!;
  const high = around.find((step) => step >= most && step > low)!;
  return [low, high];
}

/** The round numbers from one to another, at most some seven. */
function ticks(low: number, high: number): number[] {
  const all = steps(low, high);
  return all.length <= 7 ? all : all.filter((step) => /^[0.]*10*$/.test(String(step)));
}

function steps(low: number, high: number): number[] {
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of [1, 2, 5]) {
      const step = Number((factor * 10 ** power).toPrecision(1));
      if (step >= low * 0.999 && step <= high * 1.001) found.push(step);
    }
  }
  return found;
}
