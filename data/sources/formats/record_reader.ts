import { DataError } from "../../errors.ts";
import { csvScanner, splitCsv } from "./csv.ts";
import {
  emptyReadReport,
  MAX_DOCUMENT_BYTES,
  type ReadFormatOptions,
  utf8Decoder,
} from "./document_reader.ts";
import { splitRecords } from "./records.ts";
import { lineScanner } from "./text.ts";

/** Formats whose files are a record a line, but for quoted line breaks in CSV. */
export const RECORD_FORMATS = ["csv", "tsv", "jsonl", "lines"] as const;

/** A format whose files are a record a line. */
export type RecordFormat = typeof RECORD_FORMATS[number];

/** A row, a line or an object, and where it stands. */
export interface FileRecord {
  /** Line that it begins on, from 1. */
  line: number;
  /** Where it begins, in bytes. */
  offset: number;
  /** The fields of a row, the object of a line of JSON, or the line itself. */
  value: unknown;
}

/**
 * The records of a file as they stand, no names or types asked for: `csv` and `tsv` give arrays of
 * strings, the first row among them, `jsonl` what `JSON.parse` gives, `lines` strings without line
 * ends. Empty lines come only as `lines`.
 *
 * @param path the file's name, for errors
 * @throws {DataError} in the stream, at what is no UTF-8, at broken quotes, and at what is no JSON
 * @example
 * ```ts
 * import { readRecords } from "@quern/quern";
 * const bytes = new Blob(["ham\thello\nspam\tbuy\n"]).stream();
 * for await (const { line, value } of bytes.pipeThrough(readRecords("a.tsv", "tsv"))) {
 *   console.log(line, value);
 * }
 * ```
 */
export function readRecords(
  path: string,
  format: RecordFormat,
  options: Pick<ReadFormatOptions, "maxDocumentBytes"> = {},
): TransformStream<Uint8Array, FileRecord> {
  const { maxDocumentBytes = MAX_DOCUMENT_BYTES } = options;
  const decode = utf8Decoder(path, emptyReadReport(), "error");
  let next = 1;
  return splitRecords<FileRecord>({
    path,
    scanner: format === "csv" ? csvScanner(path) : lineScanner(),
    maxDocumentBytes,
    read(record, offset) {
      const text = decode(record, offset)!.replace(/\r$/, "");
      const line = next;
      next += 1 + (format === "csv" ? text.split("\n").length - 1 : 0);
      if (format !== "lines" && (format === "jsonl" ? text.trim() : text) === "") return null;
      return { line, offset, value: parse(text, line, offset) };
    },
  });

  function parse(text: string, line: number, offset: number): unknown {
    if (format === "csv") return splitCsv(text);
    if (format === "tsv") return text.split("\t");
    if (format === "lines") return text;
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new DataError(
        `Cannot read line ${line}: wanted JSON, got ${
          (cause as Error).message
        }; mend the line or ` +
          "check the format",
        path,
        offset,
        { cause },
      );
    }
  }
}
