/**
 * Readers of one format each: transforms from the bytes of a file to its documents.
 *
 * @module
 */
export { readCsv, readTsv } from "./csv.ts";
export type {
  DocumentReader,
  OnInvalid,
  ReadFormatOptions,
  ReadReport,
} from "./document_reader.ts";
export type { ReadFieldsOptions } from "./fields.ts";
export { readHtml } from "./html.ts";
export { readJson, readJsonl } from "./jsonl.ts";
export { type ParquetFile, readParquet, type ReadParquetOptions } from "./parquet.ts";
export {
  type FileRecord,
  readRecords,
  RECORD_FORMATS,
  type RecordFormat,
} from "./record_reader.ts";
export { readTar, type ReadTarOptions, readWebDataset } from "./tar.ts";
export {
  openTextReader,
  type ReadTextFormatOptions,
  suffixOf,
  TEXT_FORMATS,
  textFormatOf,
} from "./text_formats.ts";
export { readPlainText, type ReadPlainTextOptions } from "./text.ts";
export { readWarc } from "./warc.ts";
