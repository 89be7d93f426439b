import type { Document } from "../../document.ts";
import { DataError } from "../../errors.ts";
import {
  checkText,
  type OnInvalid,
  type ReadFormatOptions,
  type ReadReport,
} from "./document_reader.ts";

/** Options of the readers of records with named fields: JSON, CSV and Parquet. */
export interface ReadFieldsOptions extends ReadFormatOptions {
  /** The field that holds the text: a string, or an array of strings, its lines. @default "text" */
  textField?: string;
  /**
   * The field that names the document: a string or a number.
   * @default "id" where a record has one, else the record's number in its file, from 0
   */
  idField?: string;
}

/** Where a record came from and what to do with it. */
export interface FieldsContext {
  path: string;
  /** Where the record begins in the file, in bytes. */
  offset: number;
  /** `line`, `element` or `row`, for errors. */
  kind: string;
  textField: string;
  idField?: string;
  onInvalid: OnInvalid;
  report: ReadReport;
}

/**
 * The document in a record: its text, its id, and the other fields as metadata. Counts it; null
 * where it is dropped.
 *
 * @throws {DataError} where the record is no object or lacks the field of the text or the id
 */
export function documentFromFields(record: unknown, context: FieldsContext): Document | null {
  const { path, offset, kind, textField, idField, report } = context;
  const number = report.records++;
  if (typeof record !== "object" || record === null || Array.isArray(record)) {
    throw new DataError(
      `Cannot read the ${kind}: wanted an object with the field ${textField}, got ` +
        `${
          Array.isArray(record) ? "an array" : record === null ? "null" : `a ${typeof record}`
        }; ` +
        "check the format",
      path,
      offset,
    );
  }
  const { [textField]: value, ...metadata } = record as Record<string, unknown>;
  const joined = joinLines(value);
  if (joined === null) {
    throw new DataError(
      `Cannot read the ${kind}: wanted text in the field ${textField}, got ` +
        `${describe(value)}; its fields are ${
          Object.keys(record).join(", ") || "none"
        }, name one ` +
        "(textField)",
      path,
      offset,
    );
  }
  const id = metadata[idField ?? "id"];
  const named = (typeof id === "string" && id !== "") || typeof id === "number" ||
    typeof id === "bigint";
  if (!named && idField !== undefined) {
    throw new DataError(
      `Cannot read the ${kind}: wanted an id in the field ${idField}, got ${describe(id)}; its ` +
        `fields are ${Object.keys(record).join(", ")}, name one (idField) or none`,
      path,
      offset,
    );
  }
  if (named) delete metadata[idField ?? "id"];
  const text = checkText(joined, context);
  if (text === null) return null;
  report.documents++;
  return { id: named ? `${id}` : `${number}`, text, source: path, metadata };
}

function joinLines(value: unknown): string | null {
  if (typeof value === "string") return value;
  return Array.isArray(value) && value.every((line) => typeof line === "string")
    ? value.join("\n")
    : null;
}

function describe(value: unknown): string {
  if (value === undefined) return "no such field";
  if (value === null) return "null";
  if (typeof value === "object") return Array.isArray(value) ? "an array" : "an object";
  return `a ${typeof value}`;
}
