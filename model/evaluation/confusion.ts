import { escapeXml } from "./escape.ts";

/** Who was taken for whom. */
export interface Confusion {
  /** Names of the classes. */
  labels: readonly string[];
  /** Examples of class i that were said to be of class j, at [i][j]. */
  counts: readonly (readonly number[])[];
}

/** Most classes that a table in the terminal has room for. */
const MOST_COLUMNS = 12;
/** Most lines of what was confused, where there are more classes. */
const MOST_LINES = 20;
/** Most classes whose numbers are written into the picture. */
export const MOST_NUMBERS = 20;

/**
 * The matrix as text: a row for each class, a column for each answer; of more than twelve classes
 * what was confused most, a line each.
 *
 * @example
 * ```ts
 * import { confusionTable } from "@quern/quern";
 * console.log(confusionTable({ labels: ["ham", "spam"], counts: [[95, 1], [2, 12]] }));
 * ```
 */
export function confusionTable({ labels, counts }: Confusion): string {
  if (labels.length > MOST_COLUMNS) {
    const mistakes = mistakesOf({ labels, counts });
    const lines = mistakes.slice(0, MOST_LINES)
      .map(({ wanted, found, count }) => `${`${count}`.padStart(5)}  ${wanted} → ${found}`);
    const rest = mistakes.length - lines.length;
    if (rest > 0) lines.push(`       and ${rest} other pairs`);
    return lines.length > 0 ? lines.join("\n") : "nothing was confused";
  }
  const shown = (text: string) =>
    [...text].length > 16 ? [...text].slice(0, 15).join("") + "…" : text;
  const names = labels.map(shown);
  const width = Math.max(...names.map((name) => [...name].length));
  const columns = names.map((name, j) =>
    Math.max([...name].length, ...counts.map((row) => `${row[j]}`.length))
  );
  const pad = (text: string, width: number) => " ".repeat(width - [...text].length) + text;
  const line = (name: string, cells: readonly string[]) =>
    [pad(name, width), ...cells.map((cell, j) => pad(cell, columns[j]))].join("  ");
  return [
    line("", names),
    ...counts.map((row, i) => line(names[i], row.map((count) => `${count}`))),
  ].join("\n");
}

/** What was taken for something else, the most frequent first. */
export function mistakesOf(
  { labels, counts }: Confusion,
): { wanted: string; found: string; count: number }[] {
  return counts
    .flatMap((row, i) =>
      row.map((count, j) => ({ wanted: labels[i], found: labels[j], count, right: i === j }))
    )
    .filter(({ count, right }) => count > 0 && !right)
    .sort((a, b) => b.count - a.count)
    .map(({ wanted, found, count }) => ({ wanted, found, count }));
}

const STYLE = `
  .confusion text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .confusion .axis { fill: #59636e; } .confusion .paper { fill: #ffffff; }
  .confusion .right { fill: #0969da; } .confusion .wrong { fill: #bc4c00; }
  .confusion .empty { fill: #59636e; fill-opacity: 0.07; } .confusion .on { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    .confusion text { fill: #e6edf3; } .confusion .axis { fill: #9198a1; }
    .confusion .paper { fill: #0d1117; } .confusion .right { fill: #58a6ff; }
    .confusion .wrong { fill: #ffa657; } .confusion .on { fill: #0d1117; }
  }`;

/**
 * The matrix as a picture: the darker a field, the larger its share of the class; on the diagonal
 * what was told rightly. Readable on light and on dark pages.
 */
export function confusionSvg({ labels, counts }: Confusion): string {
  const K = labels.length;
  const numbers = K <= MOST_NUMBERS;
  const cell = numbers ? 34 : Math.max(7, Math.floor(680 / K));
  const longest = Math.max(...labels.map((label) => widthOf(label)));
  const font = numbers ? 12 : Math.min(11, cell);
  const margin = Math.ceil(Math.min(longest, 28) * 0.6 * font) + 14;
  const [left, top] = [margin + 20, margin + 20];
  const [width, height] = [left + K * cell + 12, top + K * cell + 12];
  const fields = counts.flatMap((row, i) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, j) => {
      const [x, y] = [left + j * cell, top + i * cell];
      const share = all === 0 ? 0 : count / all;
      const kind = count === 0 ? "empty" : i === j ? "right" : "wrong";
      const opacity = count === 0 ? "" : ` fill-opacity="${(0.15 + 0.85 * share).toFixed(2)}"`;
      const gap = cell > 12 ? 2 : 0.5;
      const title = `${labels[i]} → ${labels[j]}: ${count}`;
      const text = numbers && count > 0
        ? `<text${share > 0.5 ? ' class="on"' : ""} x="${x + cell / 2 - 1}" y="${
          y + cell / 2 + 4
        }" text-anchor="middle">${count}</text>`
        : "";
      return `<g><title>${
        escapeXml(title)
      }</title><rect class="${kind}"${opacity} x="${x}" y="${y}" ` +
        `width="${cell - gap}" height="${cell - gap}" rx="${Math.min(3, cell / 6)}"/>${text}</g>`;
    });
  });
  const names = labels.flatMap((label, i) => {
    const name = escapeXml(shorten(label, 28));
    const middle = i * cell + cell / 2;
    const style = `style="font-size:${font}px"`;
    return [
      `<text ${style} x="${left - 8}" y="${
        top + middle + font / 3
      }" text-anchor="end">${name}</text>`,
      `<text ${style} transform="translate(${left + middle + font / 3} ${
        top - 8
      }) rotate(-90)">${name}</text>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="confusion" viewBox="0 0 ${width} ${height}" ` +
    `width="${width}" height="${height}" role="img" aria-label="Who was taken for whom">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text class="axis" x="${left}" y="14">answer of the model</text>`,
    `<text class="axis" transform="translate(12 ${top + K * cell}) rotate(-90)">reference</text>`,
    ...names,
    ...fields,
    "</svg>\n",
  ].join("\n");
}

/** About how many letters wide a text is; an ideograph is two. */
function widthOf(text: string): number {
  return [...text].reduce((sum, character) => sum + (character > "\u2e7f" ? 2 : 1), 0);
}

function shorten(text: string, most: number): string {
  const characters = [...text];
  return characters.length > most ? characters.slice(0, most - 1).join("") + "…" : text;
}
