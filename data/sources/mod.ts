/**
 * Where documents come from: files, folders, servers and standard input, compressed or not, in all
 * formats that are read.
 *
 * @module
 */
export {
  type Compression,
  decompress,
  type DecompressOptions,
  type Decompressor,
  type DecompressReport,
} from "./compression/mod.ts";
export {
  type BadSource,
  type Documents,
  type FileDocuments,
  holdsPages,
  INPUT_FORMATS,
  readDocuments,
  type ReadDocumentsOptions,
  readFileDocuments,
  type SourceReport,
} from "./documents.ts";
export { hashFile, listFiles, readBytes } from "./files.ts";
export {
  type DocumentReader,
  type FileRecord,
  type OnInvalid,
  type ParquetFile,
  readCsv,
  type ReadFieldsOptions,
  type ReadFormatOptions,
  readHtml,
  readJson,
  readJsonl,
  readParquet,
  type ReadParquetOptions,
  readPlainText,
  type ReadPlainTextOptions,
  readRecords,
  type ReadReport,
  readTar,
  type ReadTarOptions,
  type ReadTextFormatOptions,
  readTsv,
  readWarc,
  readWebDataset,
  RECORD_FORMATS,
  type RecordFormat,
} from "./formats/mod.ts";
export {
  type FetchedModel,
  fetchModel,
  type FetchModelOptions,
  type HubOptions,
  isHubAddress,
} from "./hub/mod.ts";
export {
  type ByteRange,
  listRemote,
  type ListRemoteOptions,
  openUrl,
  type OpenUrlOptions,
  type RemoteFacts,
  type RemoteFile,
  type RemoteOptions,
} from "./remote/mod.ts";
export { listSources, type ListSourcesOptions, type SourceFile } from "./source_file.ts";
export { readText, type ReadTextOptions } from "./text.ts";
export { decodeUtf8 } from "./utf8.ts";
export { toUtf8, type ToUtf8Options } from "./utf16.ts";
export {
  extractMainText,
  type ExtractMainTextOptions,
  type MainText,
  mainText,
} from "./web/mod.ts";
