import { createHash, type Hash } from "node:crypto";
import type { Document } from "../document.ts";
import { DataError } from "../errors.ts";
import { type Compression, decompress } from "./compression/mod.ts";
import {
  type DocumentReader,
  openTextReader,
  readParquet,
  readTar,
  type ReadTextFormatOptions,
  readWarc,
  readWebDataset,
  suffixOf,
  TEXT_FORMATS,
  textFormatOf,
} from "./formats/mod.ts";
import { listSources, type ListSourcesOptions, type SourceFile } from "./source_file.ts";
import { toUtf8 } from "./utf16.ts";

/** The formats that documents are read from. */
export const INPUT_FORMATS = [...TEXT_FORMATS, "tar", "webdataset", "warc", "parquet"] as const;

/** Options of `readDocuments`. */
export interface ReadDocumentsOptions extends ReadTextFormatOptions {
  /** How the files are to be read. @default by each file's name, `text` where it tells nothing */
  inputFormat?: typeof INPUT_FORMATS[number];
  /** The most bytes that a compressed file may unpack to. @default 1 TiB */
  maxExpandedBytes?: number;
}

/** What is known of a file that was read; whole once its documents have ended. */
export interface SourceReport {
  /** As the user named it. */
  path: string;
  /** Bytes read, as the file has them. */
  bytes: number;
  /** SHA-256 of those in hexadecimal; empty until all are read. */
  sha256: string;
  /** Told by its first bytes, brotli by its name. */
  compression: Compression;
  /** Bytes after unpacking. */
  expandedBytes: number;
  /** Members, frames or streams of the compression. */
  frames: number;
  /** Rows, lines, elements or records looked at. */
  records: number;
  /** Documents that came out. */
  documents: number;
  /** Documents in which invalid characters were replaced. */
  replaced: number;
  /** Documents dropped for their invalid characters. */
  invalid: number;
  /** Records that hold no document. */
  skipped: number;
}

/** The documents of a file, and what is known of it. */
export interface FileDocuments {
  /** In order. */
  documents: ReadableStream<Document>;
  /** Counts so far. */
  readonly report: SourceReport;
}

const BY_SUFFIX: Readonly<Record<string, typeof INPUT_FORMATS[number]>> = {
  tar: "tar",
  tgz: "tar",
  warc: "warc",
  wet: "warc",
  wat: "warc",
  parquet: "parquet",
};

/**
 * The documents of one file: unpacked, decoded and cut by its format.
 *
 * @throws {DataError} in the stream, where the file can't be read, is corrupt, or is not what its
 * format asks for
 */
export function readFileDocuments(
  file: SourceFile,
  options: ReadDocumentsOptions = {},
): FileDocuments {
  const { path, contentEncoding } = file;
  const { maxExpandedBytes } = options;
  const brotli = contentEncoding === "br" || path.toLowerCase().endsWith(".br");
  const unpack = decompress(path, { brotli, maxExpandedBytes });
  const format = formatOf(path, options);
  const reader = openReader(file, format, options);
  const raw = { bytes: 0, hash: createHash("sha256") };
  const digest = { sha256: "" };
  const isText = TEXT_FORMATS.some((each) => each === format);
  const isWhole = format === "parquet"; // read in parts, so it can't be compressed as a whole
  const stored = file.open().pipeThrough(counted(raw, digest));
  const bytes = isWhole ? stored : stored.pipeThrough(unpack);
  const documents = (isText ? bytes.pipeThrough(toUtf8(path, options)) : bytes).pipeThrough(reader);
  return {
    documents,
    get report(): SourceReport {
      const { compression, frames } = unpack.report;
      const { bytes } = raw;
      const expandedBytes = isWhole ? bytes : unpack.report.expandedBytes;
      return { path, bytes, ...digest, compression, expandedBytes, frames, ...reader.report };
    },
  };
}

/** Whether there may be web pages in a file. */
export function holdsPages({ path }: SourceFile, options: ReadDocumentsOptions): boolean {
  return ["html", "warc", "tar"].includes(formatOf(path, options));
}

/** A file that could not be read to its end. */
export interface BadSource {
  /** As the user named it. */
  path: string;
  /** The error's message. */
  error: string;
}

/** Documents of many files. */
export interface Documents {
  /** In order. */
  documents: ReadableStream<Document>;
  /** Of the files read to their end so far. */
  readonly reports: SourceReport[];
  /** Of the files left where they broke; only with `skipBadFiles`. */
  readonly bad: BadSource[];
}

/**
 * The documents of files, folders, globs, URLs and standard input, one file after the other.
 *
 * @throws {RangeError} where there are no sources
 * @throws {DataError} in the stream, where a source is missing or can't be read
 * @example
 * ```ts
 * import { readDocuments } from "@quern/quern";
 * const { documents } = readDocuments(["README.md"]);
 * for await (const { id, text } of documents) console.log(id, text.length);
 * ```
 */
export function readDocuments(
  sources: readonly string[],
  options: ReadDocumentsOptions & ListSourcesOptions & { skipBadFiles?: boolean } = {},
): Documents {
  const reports: SourceReport[] = [];
  const bad: BadSource[] = [];
  async function* read(): AsyncGenerator<Document> {
    for (const file of await listSources(sources, options)) {
      const content = readFileDocuments(file, options);
      try {
        yield* content.documents;
        reports.push(content.report);
      } catch (error) {
        if (!options.skipBadFiles || !(error instanceof DataError)) throw error;
        bad.push({ path: file.path, error: error.message });
      }
    }
  }
  return { documents: ReadableStream.from(read()), reports, bad };
}

function formatOf(
  path: string,
  { inputFormat }: ReadDocumentsOptions,
): typeof INPUT_FORMATS[number] {
  return inputFormat ?? BY_SUFFIX[suffixOf(path)] ?? textFormatOf(path);
}

function openReader(
  file: SourceFile,
  format: typeof INPUT_FORMATS[number],
  options: ReadDocumentsOptions,
): DocumentReader {
  const { path } = file;
  switch (format) {
    case "parquet":
      return readParquet(file, options);
    case "tar":
      return readTar(path, options);
    case "webdataset":
      return readWebDataset(path, options);
    case "warc":
      return readWarc(path, options);
    default:
      return openTextReader(path, format, options);
  }
}

/** Lets bytes through, counts them, and tells their hash at the end. */
function counted(
  raw: { bytes: number; hash: Hash },
  digest: { sha256: string },
): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      raw.bytes += chunk.length;
      raw.hash.update(chunk);
      controller.enqueue(chunk);
    },
    flush() {
      digest.sha256 = raw.hash.digest("hex");
    },
  });
}
