import { readTable, type TableOptions } from "./columns.ts";
import { filledText, type Place, type TaskReader } from "./reader.ts";

/** A text and its translation. */
export interface TextPair {
  /** What to translate. */
  source: string;
  /** Its translation. */
  target: string;
  /** Where it was read. */
  place: Place;
}

/** Options of {@linkcode readPairs}. */
export interface ReadPairsOptions extends TableOptions {
  /** Column of the text to translate: its name, or its number from 1. @default guessed */
  sourceColumn?: string;
  /** Column of the translation. @default guessed */
  targetColumn?: string;
}

/**
 * Pairs of texts from CSV, TSV or JSON Lines. Columns are known by name where the first row has
 * names, else they are the first and the second; further ones, such as Tatoeba's third with the
 * authors, are left out.
 *
 * @param path the file's name, for examples and errors
 * @throws {DataError} in the stream, with the line, where a side of a pair is missing, unless such
 * lines are skipped
 * @example
 * ```ts
 * import { readPairs } from "@quern/quern";
 * const file = new Blob(["Hi.\t你好。\tCC-BY\nRun!\t跑！\tCC-BY\n"]).stream();
 * for await (const { source, target } of file.pipeThrough(readPairs("cmn.txt"))) {
 *   console.log(source, target);
 * }
 * ```
 */
export function readPairs(path: string, options: ReadPairsOptions = {}): TaskReader<TextPair> {
  return readTable(path, {
    roles: [
      { name: "source", column: options.sourceColumn, known: ["source", "src", "input", "from"] },
      { name: "target", column: options.targetColumn, known: ["target", "tgt", "output", "to"] },
    ],
    guess: (_, free) => [...free],
    make: (fields, place) => ({
      source: filledText(fields.source, "source side"),
      target: filledText(fields.target, "target side"),
      place,
    }),
  }, options);
}
