/** Text that is markup already. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What may stand in a template: text is escaped, a list is joined, undefined is nothing. */
export type Part = Markup | string | number | undefined | readonly Part[];

/** A template of HTML; what is put in is escaped unless it is markup itself. */
export function markup(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(strings.reduce((all, string, i) => all + textOf(parts[i - 1]) + string));
}

function textOf(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "object") return part.map(textOf).join("");
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return String(part).replace(/[&<>"]/g, (character) => names[character]);
}

/** Such as 12,345. */
export function count(number: number): string {
  return number.toLocaleString("en");
}

/** One and many: `1 document`, `2 documents`. */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** A number of bytes, such as 12 MB. */
export function size(bytes: number): string {
  const unit = bytes < 1e3 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** unit;
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${
    ["B", "kB", "MB", "GB", "TB"][unit]
  }`;
}

/** Such as 12.3%; little is not nothing. */
export function percent(part: number, whole: number): string {
  if (part === 0) return "0%";
  const value = 100 * part / whole;
  return value < 0.05 ? "<0.1%" : `${value.toFixed(1)}%`;
}
