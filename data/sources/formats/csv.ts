import type { Document } from "../../document.ts";
import { DataError } from "../../errors.ts";
import {
  type DocumentReader,
  emptyReadReport,
  MAX_DOCUMENT_BYTES,
  utf8Decoder,
} from "./document_reader.ts";
import { documentFromFields, type ReadFieldsOptions } from "./fields.ts";
import { type Scanner, splitRecords } from "./records.ts";
import { lineScanner } from "./text.ts";

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Comma-separated values (RFC 4180) as documents: the first row names the columns, a quoted field
 * may hold commas, line breaks and doubled quotes.
 *
 * @param path the file's name, for the documents and errors
 * @throws {DataError} in the stream, at a broken quote, a row with more or fewer fields than the
 * first, or where there is no such column
 */
export function readCsv(path: string, options: ReadFieldsOptions = {}): DocumentReader {
  return readRows(path, csvScanner(path), splitCsv, options);
}

/**
 * Tab-separated values (IANA's text/tab-separated-values) as documents: the first row names the
 * columns; quotes are characters like others, and no field holds a tab or line break.
 *
 * @param path the file's name, for the documents and errors
 * @throws {DataError} in the stream, at a row with more or fewer fields than the first, or where
 * there is no such column
 */
export function readTsv(path: string, options: ReadFieldsOptions = {}): DocumentReader {
  return readRows(path, lineScanner(), (row) => row.split("\t"), options);
}

function readRows(
  path: string,
  scanner: Scanner,
  split: (row: string) => string[],
  options: ReadFieldsOptions,
): DocumentReader {
  const { onInvalid = "error", maxDocumentBytes = MAX_DOCUMENT_BYTES, textField = "text" } =
    options;
  const { idField } = options;
  const report = emptyReadReport();
  const decode = utf8Decoder(path, report, onInvalid);
  const decodeNames = utf8Decoder(path, report, "error");
  let columns: string[] | undefined;
  const pair = splitRecords<Document>({
    path,
    scanner,
    maxDocumentBytes,
    read(record, offset) {
      const row = record.at(-1) === CARRIAGE_RETURN ? record.subarray(0, -1) : record;
      if (row.length === 0) return null;
      if (columns === undefined) {
        columns = split(decodeNames(row, offset)!);
        checkColumns(columns);
        return null;
      }
      const text = decode(row, offset);
      if (text === null) {
        report.records++;
        return null;
      }
      const fields = split(text);
      if (fields.length !== columns.length) {
        throw new DataError(
          `Cannot read the row: wanted ${columns.length} fields (${columns.join(", ")}), got ` +
            `${fields.length}; mend the row or its quotes`,
          path,
          offset,
        );
      }
      const values = Object.fromEntries(columns.map((name, i) => [name, fields[i]]));
      return documentFromFields(values, {
        path,
        offset,
        kind: "row",
        textField,
        idField,
        onInvalid,
        report,
      });
    },
  });
  return { readable: pair.readable, writable: pair.writable, report };

  function checkColumns(names: string[]): void {
    for (const [field, option] of [[textField, "textField"], [idField, "idField"]]) {
      if (field === undefined || names.includes(field)) continue;
      throw new DataError(
        `Cannot read the rows: wanted a column ${field}, got ${names.join(", ")}; name one of ` +
          `them (${option})`,
        path,
      );
    }
  }
}

/** Finds the line breaks that stand outside of quotes. */
export function csvScanner(path: string): Scanner {
  let state: "start" | "plain" | "quoted" | "closed" | "return" = "start";
  let opened = 0;
  function broken(found: string, offset: number): DataError {
    return new DataError(
      `Cannot read the row: ${found}; double the quotes within a field and put it in quotes`,
      path,
      offset,
    );
  }
  return {
    delimiterBytes: 1,
    scan(bytes, from, offset) {
      for (let i = from; i < bytes.length; i++) {
        const byte = bytes[i];
        if (state === "quoted") {
          const quote = bytes.indexOf(QUOTE, i);
          if (quote < 0) return -1;
          i = quote;
          state = "closed";
        } else if (byte === LINE_FEED) {
          state = "start";
          return i + 1;
        } else if (byte === 0x2c) state = "start";
        else if (byte === QUOTE) {
          if (state === "plain") throw broken("a quote within a field without quotes", offset + i);
          if (state === "start") opened = offset + i;
          state = "quoted";
        } else if (byte === CARRIAGE_RETURN && state === "closed") state = "return";
        else if (state === "closed" || state === "return") {
          throw broken("text after the closing quote of a field", offset + i);
        } else state = "plain";
      }
      return -1;
    },
    end() {
      if (state === "quoted") throw broken("the quote that opens here is never closed", opened);
    },
  };
}

/** The fields of a row. */
export function splitCsv(row: string): string[] {
  if (!row.includes('"')) return row.split(",");
  const fields: string[] = [];
  for (let at = 0; at <= row.length;) {
    if (row[at] !== '"') {
      const comma = row.indexOf(",", at);
      const end = comma < 0 ? row.length : comma;
      fields.push(row.slice(at, end));
      at = end + 1;
      continue;
    }
    let end = at + 1;
    while (row[end = row.indexOf('"', end)] === row[end + 1]) end += 2;
    fields.push(row.slice(at + 1, end).replaceAll('""', '"'));
    at = end + 2;
  }
  return fields;
}
