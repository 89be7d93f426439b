import type { Document } from "../../document.ts";
import {
  type DocumentReader,
  emptyReadReport,
  MAX_DOCUMENT_BYTES,
  type ReadFormatOptions,
  utf8Decoder,
} from "./document_reader.ts";
import { type Scanner, splitRecords } from "./records.ts";

/** Options of {@linkcode readPlainText}. */
export interface ReadPlainTextOptions extends ReadFormatOptions {
  /**
   * What stands between two documents: `"\n"` makes a document of each line. Nothing between two of
   * them is no document. @default none: the file is one document
   */
  separator?: string;
}

/**
 * Plain text, Markdown or source code in UTF-8 as documents: the whole file, or its parts.
 *
 * @param path the file's name, for the documents and errors
 * @throws {DataError} in the stream, at what is no UTF-8 or longer than `maxDocumentBytes`
 * @throws {RangeError} where the separator is empty
 */
export function readPlainText(path: string, options: ReadPlainTextOptions = {}): DocumentReader {
  const { separator, onInvalid = "error", maxDocumentBytes = MAX_DOCUMENT_BYTES } = options;
  if (separator === "") {
    throw new RangeError(
      "Cannot cut text: the separator must have a character, got none; leave it out",
    );
  }
  const report = emptyReadReport();
  const decode = utf8Decoder(path, report, onInvalid);
  const scanner = separator === undefined ? wholeFile() : separatorScanner(separator);
  const pair = splitRecords<Document>({
    path,
    scanner,
    maxDocumentBytes,
    read(record, offset) {
      const isLine = separator === "\n" && record.at(-1) === 0x0d;
      const bytes = isLine ? record.subarray(0, -1) : record;
      if (bytes.length === 0) return null;
      const id = `${report.records++}`;
      const text = decode(bytes, offset);
      if (text === null) return null;
      report.documents++;
      return { id, text, source: path, metadata: {} };
    },
  });
  return { readable: pair.readable, writable: pair.writable, report };
}

/** The scanner of records that end at a line feed. */
export function lineScanner(): Scanner {
  return { delimiterBytes: 1, scan: (bytes, from) => bytes.indexOf(0x0a, from) + 1 || -1 };
}

function wholeFile(): Scanner {
  return { delimiterBytes: 0, scan: () => -1 };
}

/** Knuth, Morris and Pratt's search, which needs no byte twice and so no care at chunk borders. */
function separatorScanner(separator: string): Scanner {
  const wanted = new TextEncoder().encode(separator);
  if (wanted.length === 1 && wanted[0] === 0x0a) return lineScanner();
  const fallback = [0];
  for (let i = 1, matched = 0; i < wanted.length; i++) {
    while (matched > 0 && wanted[i] !== wanted[matched]) matched = fallback[matched - 1];
    if (wanted[i] === wanted[matched]) matched++;
    fallback.push(matched);
  }
  let matched = 0;
  return {
    delimiterBytes: wanted.length,
    scan(bytes, from) {
      for (let i = from; i < bytes.length; i++) {
        while (matched > 0 && bytes[i] !== wanted[matched]) matched = fallback[matched - 1];
        if (bytes[i] === wanted[matched]) matched++;
        if (matched === wanted.length) {
          matched = 0;
          return i + 1;
        }
      }
      return -1;
    },
  };
}
