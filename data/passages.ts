/** What a text is cut into: lines, or paragraphs, between which stands an empty line. */
export type PassageUnit = "line" | "paragraph";

/** The lines or paragraphs of a text, each with the line breaks behind it: joined they are the text. */
export function splitPassages(text: string, unit: PassageUnit): string[] {
  const passages: string[] = [];
  let start = 0;
  const take = (end: number) => {
    passages.push(text.slice(start, end));
    start = end;
  };
  if (unit === "line") {
    for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) take(i + 1);
  } else {
    for (const { index, 0: gap } of text.matchAll(/\n(?:[^\S\n]*\n)+/g)) take(index + gap.length);
  }
  if (start < text.length) take(text.length);
  return passages;
}

/**
 * A text without some of its lines or paragraphs; the text itself where none goes.
 *
 * @param goes decides by the passage without the white space around it and by its number, from 0
 */
export function removePassages(
  text: string,
  unit: PassageUnit,
  goes: (passage: string, number: number) => boolean,
): string {
  const passages = splitPassages(text, unit);
  const kept = passages.filter((passage, i) => !goes(passage.trim(), i));
  return kept.length === passages.length ? text : kept.join("").trimEnd();
}
