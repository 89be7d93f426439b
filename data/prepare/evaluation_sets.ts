import { basename } from "@std/path";
import type { EvaluationSet } from "../dedup/mod.ts";
import type { Document } from "../document.ts";
import { DataError } from "../errors.ts";
import { listSources, readFileDocuments, type SourceFile } from "../sources/mod.ts";

/** An evaluation set as files have it. */
export interface EvaluationFiles extends EvaluationSet {
  texts: string[];
  /** The files, as the manifest names them, with their SHA-256. */
  files: { path: string; sha256: string }[];
}

/** Options of `readEvaluationSets`. */
export interface ReadEvaluationOptions {
  /** Fields of a record that hold an item's text; the others do not count. @default ["text"] */
  fields?: readonly string[];
  /** Ends the reading. @default never */
  signal?: AbortSignal;
}

/**
 * Reads evaluation sets: an item is a record of JSON, CSV or Parquet, or a line of plain text.
 *
 * @param given each a source, or `NAME=SOURCE`; sources of one name are one set
 * @throws {DataError} where a file is missing, cannot be read or lacks a field
 */
export async function readEvaluationSets(
  given: readonly string[],
  { fields = ["text"], signal }: ReadEvaluationOptions = {},
): Promise<EvaluationFiles[]> {
  const sets = new Map<string, EvaluationFiles>();
  for (const text of given) {
    const [name, source] = await splitName(text);
    for (const file of await listSources([source], { signal })) {
      const key = name ?? nameOf(file.path);
      const set = sets.get(key) ?? { name: key, texts: [], files: [] };
      sets.set(key, set);
      await readItems(file, fields, set);
    }
  }
  return [...sets.values()];
}

async function readItems(
  file: SourceFile,
  fields: readonly string[],
  set: EvaluationFiles,
): Promise<void> {
  const [textField, ...others] = fields;
  const isPlain = /\.(?:txt|text)(?:\.(?:gz|zst|zstd|br))?$/i.test(file.path);
  const inputFormat = isPlain ? "lines" : undefined;
  const content = readFileDocuments(file, { textField, inputFormat });
  for await (const document of content.documents) {
    const more = isPlain ? [] : others.map((field) => textOf(document, field, file.path));
    set.texts.push([document.text, ...more].join("\n"));
  }
  set.files.push({ path: file.name, sha256: content.report.sha256 });
}

function textOf({ id, metadata }: Document, field: string, path: string): string {
  const value = metadata[field];
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) {
    return value.join("\n");
  }
  throw new DataError(
    `Cannot read item ${id}: wanted text in the field ${field}, got ` +
      `${value === undefined ? "no such field" : JSON.stringify(value)}; name fields that all ` +
      "items have (decontaminateFields)",
    path,
  );
}

async function splitName(text: string): Promise<[name: string | undefined, source: string]> {
  const [, name, source] = /^([^/=]+)=(.+)$/.exec(text) ?? [];
  // A path may have a "=" in it.
  const isPath = name === undefined || await Deno.stat(text).then(() => true, () => false);
  return isPath ? [undefined, text] : [name, source];
}

/** The file's name without what tells its format. */
function nameOf(path: string): string {
  return basename(path).replace(/(?:\.[a-z0-9]{1,8}){1,2}$/i, "") || path;
}
