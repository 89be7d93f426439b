import { DataError } from "../errors.ts";
import {
  decodeUtf8,
  decompress,
  listSources,
  readFileDocuments,
  type SourceFile,
  toUtf8,
} from "../sources/mod.ts";
import { cutTexts } from "../tokenizers/mod.ts";

/** How raw sources become one stream of text or tokens. */
export interface RawReading {
  /** Files, folders, globs or URLs. */
  sources: readonly string[];
  /**
   * Whether each file and each document in it is a text of its own; else all are plain texts that
   * are joined as they are.
   */
  documents: boolean;
  /** Column of the text, in files that have columns. @default "text" */
  textField?: string;
}

/** Raw sources and what was found of them. */
export interface RawSource extends RawReading {
  /** Their files in order. */
  files: readonly SourceFile[];
}

/** What tells a file from others before it is read. */
export type FileFacts = Pick<SourceFile, "path" | "size" | "version">;

/** Files that hold documents, and not one text. */
const DOCUMENTS =
  /\.(jsonl|ndjson|json|csv|tsv|x?html?|parquet|tar|tgz|warc|wet|wat)(\.(gz|zst|zstd|br))?$/i;

/** Whether a file holds documents, and not one text, by its name. */
export function hasDocuments(path: string): boolean {
  return DOCUMENTS.test(path);
}

/**
 * Finds the files of raw sources.
 *
 * @throws {RangeError} where there are no sources
 * @throws {DataError} where a source is missing or holds no files
 */
export async function findRawSource(reading: RawReading): Promise<RawSource> {
  return { ...reading, files: await listSources(reading.sources) };
}

/** What is known of files before they are read. */
export function describeFiles(files: readonly SourceFile[]): FileFacts[] {
  return files.map(({ path, size, version }) => ({ path, size, version }));
}

/**
 * The texts of raw sources, for training a tokenizer: each document, and plain texts in pieces that
 * no pre-token goes beyond.
 *
 * @throws {DataError} where a file cannot be read
 */
export async function* readRawTexts(source: RawSource): AsyncGenerator<string> {
  const { files, documents, textField } = source;
  for (const file of files) {
    if (hasDocuments(file.path)) {
      for await (const { text } of readFileDocuments(file, { textField }).documents) yield text;
      continue;
    }
    let isEmpty = true;
    for await (const text of openText(file).pipeThrough(cutTexts())) {
      isEmpty = false;
      yield text;
    }
    if (isEmpty && !documents) throw emptyFile(file.path);
  }
}

/** The error of a plain text that is none. */
export function emptyFile(path: string): DataError {
  return new DataError("Cannot read text: wanted some, got an empty file", path);
}

/** The text of a plain file, unpacked and decoded; its bytes are shown as they come. */
export function openText(
  file: SourceFile,
  onBytes: (chunk: Uint8Array) => void = () => {},
): ReadableStream<string> {
  const { path, contentEncoding } = file;
  const brotli = contentEncoding === "br" || path.toLowerCase().endsWith(".br");
  const show = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      onBytes(chunk);
      controller.enqueue(chunk);
    },
  });
  return file.open().pipeThrough(show).pipeThrough(decompress(path, { brotli }))
    .pipeThrough(toUtf8(path)).pipeThrough(decodeUtf8(path));
}
