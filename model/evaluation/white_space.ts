/**
 * What Python's `split` calls white space: beside Unicode's, the information separators and the next
 * line, but no byte order mark, so that JavaScript's `\s` would cut elsewhere.
 */
const SPACE = "\\t-\\r\\u{1c}-\\u{20}\\u{85}\\u{a0}\\u{1680}\\u{2000}-\\u{200a}\\u{2028}\\u{2029}" +
  "\\u{202f}\\u{205f}\\u{3000}";
const RUN = new RegExp(`[${SPACE}]+`, "u");
const START = new RegExp(`^[${SPACE}]+`, "u");
const END = new RegExp(`[${SPACE}]+$`, "u");

/** The words of a text between white space, as Python's `split` gives them. */
export function splitSpace(text: string): string[] {
  return text.split(RUN).filter((word) => word !== "");
}

/** The text without white space at its start, or its end. */
export function stripSpace(text: string, side: "start" | "end"): string {
  return text.replace(side === "start" ? START : END, "");
}
