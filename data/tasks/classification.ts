import { readTable, type Role, type TableOptions } from "./columns.ts";
import { BadExample, describe, filledText, type Place, type TaskReader } from "./reader.ts";

/** A text and the classes it is of. */
export interface Classified {
  /** The text itself. */
  text: string;
  /** One, or with several labels a text any number, each once. */
  labels: string[];
  /** Where it was read. */
  place: Place;
}

/** Options of {@linkcode readClassified}. */
export interface ReadClassifiedOptions extends TableOptions {
  /** Column of the text: its name, or its number from 1. @default guessed */
  textColumn?: string;
  /** Column of the label. @default guessed */
  labelColumn?: string;
  /** Whether a text may have several labels, or none. @default false */
  multiLabel?: boolean;
  /** What stands between several labels in one column. @default "," */
  labelSeparator?: string;
}

const TEXT_NAMES =
  "text sentence utterance message query question review content comment body tweet document title"
    .split(" ");
const LABEL_NAMES = "label labels category class intent target sentiment topic tag tags".split(" ");

/**
 * Texts with their labels from CSV, TSV or JSON Lines. Columns are known by name where the first row
 * has names; where it has none, the label is the column with the fewest different values, the text
 * the longest of the others.
 *
 * @param path the file's name, for examples and errors
 * @throws {DataError} in the stream, with the line, at a text or label that is empty, or several
 * labels where one is wanted, unless such lines are skipped
 * @example
 * ```ts
 * import { describeColumns, readClassified } from "@quern/quern";
 * const file = new Blob(["ham\tSee you at eight.\nspam\tYou won a prize!\n"]).stream();
 * const reader = readClassified("messages.tsv");
 * for await (const { text, labels } of file.pipeThrough(reader)) console.log(labels, text);
 * console.log(describeColumns(reader.report));
 * ```
 */
export function readClassified(
  path: string,
  options: ReadClassifiedOptions = {},
): TaskReader<Classified> {
  const { textColumn, labelColumn, multiLabel = false, labelSeparator = "," } = options;
  const roles: Role[] = [
    { name: "text", column: textColumn, known: TEXT_NAMES },
    { name: "label", column: labelColumn, known: LABEL_NAMES },
  ];
  return readTable(path, {
    roles,
    guess: guessTextAndLabel,
    make: (fields, place) => ({
      text: filledText(fields.text, "text"),
      labels: multiLabel ? severalLabels(fields.label, labelSeparator) : [oneLabel(fields.label)],
      place,
    }),
  }, options);
}

function oneLabel(value: unknown): string {
  const label = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (Array.isArray(label)) {
    throw new BadExample(
      "several labels",
      `wanted one label, got ${label.length}; ask for several labels a text (multiLabel)`,
    );
  }
  return nameOf(label);
}

function severalLabels(value: unknown, separator: string): string[] {
  const list = Array.isArray(value)
    ? value
    : typeof value === "string"
    ? value.split(separator).filter((part) => part.trim() !== "")
    : [value];
  return [...new Set(list.map(nameOf))];
}

function nameOf(value: unknown): string {
  const isPlain = ["string", "number", "boolean"].includes(typeof value);
  const label = isPlain ? String(value).trim() : "";
  if (label !== "") return label;
  const found = isPlain ? "an empty one" : describe(value);
  throw new BadExample("no label", `wanted a label, got ${found}; fill it in or remove the line`);
}

/** The label has the fewest different values, the text is the longest of the others. */
function guessTextAndLabel(
  rows: readonly string[][],
  free: readonly number[],
  roles: readonly Role[],
): number[] {
  const length = (column: number) => rows.reduce((sum, row) => sum + row[column].length, 0);
  const values = (column: number) => new Set(rows.map((row) => row[column])).size;
  const byValues = free.toSorted((a, b) => values(a) - values(b) || length(a) - length(b));
  const byLength = free.toSorted((a, b) => length(b) - length(a));
  if (roles.length === 1) return [roles[0].name === "label" ? byValues[0] : byLength[0]];
  return [byLength.find((column) => column !== byValues[0])!, byValues[0]];
}
