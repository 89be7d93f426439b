import { readCsv, readTsv } from "./csv.ts";
import type { DocumentReader } from "./document_reader.ts";
import type { ReadFieldsOptions } from "./fields.ts";
import { readHtml } from "./html.ts";
import { readJson, readJsonl } from "./jsonl.ts";
import { readPlainText } from "./text.ts";

/** The formats whose files are text. */
export const TEXT_FORMATS = ["text", "lines", "jsonl", "json", "csv", "tsv", "html"] as const;

/** A format whose files are text. */
export type TextFormat = typeof TEXT_FORMATS[number];

/** Options of the readers of text. */
export interface ReadTextFormatOptions extends ReadFieldsOptions {
  /** What stands between two documents of a plain text. @default none: a file is a document */
  separator?: string;
}

const BY_SUFFIX: Readonly<Record<string, TextFormat>> = {
  jsonl: "jsonl",
  ndjson: "jsonl",
  json: "json",
  csv: "csv",
  tsv: "tsv",
  html: "html",
  htm: "html",
  xhtml: "html",
};

/** The suffix of a file's name in small letters, without the one of its compression. */
export function suffixOf(path: string): string {
  const name = path.toLowerCase().replace(/\.(gz|zst|zstd|br)$/, "");
  return /\.([^./]+)$/.exec(name)?.[1] ?? "";
}

/** The format that a file's name tells; `text` where it tells nothing. */
export function textFormatOf(path: string): TextFormat {
  return BY_SUFFIX[suffixOf(path)] ?? "text";
}

/** The reader of a format. */
export function openTextReader(
  path: string,
  format: TextFormat,
  options: ReadTextFormatOptions,
): DocumentReader {
  switch (format) {
    case "jsonl":
      return readJsonl(path, options);
    case "json":
      return readJson(path, options);
    case "csv":
      return readCsv(path, options);
    case "tsv":
      return readTsv(path, options);
    case "html":
      return readHtml(path, options);
    case "lines":
      return readPlainText(path, { ...options, separator: "\n" });
    case "text":
      return readPlainText(path, options);
  }
}
