import type { Document } from "../../document.ts";
import { DataError } from "../../errors.ts";
import {
  type DocumentReader,
  emptyReadReport,
  MAX_DOCUMENT_BYTES,
  utf8Decoder,
} from "./document_reader.ts";
import { documentFromFields, type ReadFieldsOptions } from "./fields.ts";
import { jsonScanner } from "./json_scanner.ts";
import { type Scanner, splitRecords } from "./records.ts";
import { lineScanner } from "./text.ts";

/**
 * JSON Lines as documents: an object a line, its other fields as metadata; blank lines are skipped.
 *
 * @param path the file's name, for the documents and errors
 * @throws {DataError} in the stream, at a line that is no JSON object, lacks the field of the text,
 * or is longer than `maxDocumentBytes`
 * @example
 * ```ts
 * import { readJsonl } from "@quern/quern";
 * const lines = new Blob(['{"body":"First."}\n{"body":"Second."}\n']).stream();
 * for await (const { id, text } of lines.pipeThrough(readJsonl("a.jsonl", { textField: "body" }))) {
 *   console.log(id, text);
 * }
 * ```
 */
export function readJsonl(path: string, options: ReadFieldsOptions = {}): DocumentReader {
  return readJsonRecords(path, lineScanner(), "line", options);
}

/**
 * JSON as documents: the elements of an array, or objects one after another, read one at a time
 * however long the file is.
 *
 * @param path the file's name, for the documents and errors
 * @throws {DataError} in the stream, at what is no JSON object, lacks the field of the text, is
 * longer than `maxDocumentBytes`, or where the file ends within a value
 */
export function readJson(path: string, options: ReadFieldsOptions = {}): DocumentReader {
  return readJsonRecords(path, jsonScanner(path), "element", options);
}

function readJsonRecords(
  path: string,
  scanner: Scanner,
  kind: string,
  options: ReadFieldsOptions,
): DocumentReader {
  const { onInvalid = "error", maxDocumentBytes = MAX_DOCUMENT_BYTES, textField = "text" } =
    options;
  const report = emptyReadReport();
  const decode = utf8Decoder(path, report, onInvalid);
  const context = { path, kind, textField, idField: options.idField, onInvalid, report };
  const pair = splitRecords<Document>({
    path,
    scanner,
    maxDocumentBytes,
    read(record, offset) {
      if (isBlank(record)) return null;
      const json = decode(record, offset);
      if (json === null) {
        report.records++;
        return null;
      }
      return documentFromFields(parse(json, offset), { ...context, offset });
    },
  });
  return { readable: pair.readable, writable: pair.writable, report };

  function parse(json: string, offset: number): unknown {
    try {
      return JSON.parse(json);
    } catch (cause) {
      throw new DataError(
        `Cannot read the ${kind}: wanted a JSON object, got ${JSON.stringify(shorten(json))} ` +
          `(${shorten((cause as Error).message)}); mend it or check the format`,
        path,
        offset,
        { cause },
      );
    }
  }
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
