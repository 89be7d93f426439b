import type { AsyncBuffer, ColumnMetaData, FileMetaData, RowGroup } from "hyparquet";
import type { Document } from "../../document.ts";
import { DataError } from "../../errors.ts";
import { type ByteReader, concatBytes, readingTransform } from "../byte_reader.ts";
import type { ByteRange } from "../remote/mod.ts";
import {
  type DocumentReader,
  emptyReadReport,
  MAX_DOCUMENT_BYTES,
  tooLong,
  utf8Decoder,
} from "./document_reader.ts";
import { documentFromFields, type ReadFieldsOptions } from "./fields.ts";
import { brokenParquet, PageChecks } from "./parquet_checks.ts";
import { shapeOf } from "./parquet_content.ts";

/** A file of which any part can be read. */
export interface ParquetFile {
  /** Its name, for the documents and errors; `-` is standard input. */
  path: string;
  /** Bytes in all. */
  size?: number;
  /** Streams a part of it. */
  open(range: ByteRange): ReadableStream<Uint8Array>;
}

/** Options of {@linkcode readParquet}. */
export interface ReadParquetOptions extends ReadFieldsOptions {
  /** The most bytes that one row group may unpack to: it is held in memory. @default 1 GiB */
  maxRowGroupBytes?: number;
}

const MAGIC = "PAR1";

/** Of all but this footer a file with no rows is made up. */
const MIN_BYTES = 12;

/**
 * Parquet as documents, one row group in memory at a time: the text is the column `textField`, the
 * other columns without nesting are metadata (binary values left out). Rows whose text is null are
 * counted as skipped. The file's own bytes go through it, and its footer is read ahead from its end.
 *
 * @throws {DataError} in the stream, where the file is no Parquet, corrupt or cut short, has no such
 * column, or a row group over `maxRowGroupBytes`; offsets are those of the row group
 * @example
 * ```ts
 * import { listSources, readParquet } from "@quern/quern";
 * async function* texts(path: string) {
 *   const [file] = await listSources([path]);
 *   for await (const { text } of file.open().pipeThrough(readParquet(file))) yield text;
 * }
 * ```
 */
export function readParquet(file: ParquetFile, options: ReadParquetOptions = {}): DocumentReader {
  const { path, size } = file;
  const { textField = "text", idField, onInvalid = "error", maxRowGroupBytes = 2 ** 30 } = options;
  const { maxDocumentBytes = MAX_DOCUMENT_BYTES } = options;
  const report = emptyReadReport();
  const decode = utf8Decoder(path, report, onInvalid);

  const pair = readingTransform<Document>(async function* (bytes) {
    const head = await bytes.peek(4);
    if (head.length === 0) return;
    checkHead(head, path);
    if (size === undefined || path === "-") throw notSeekable(path);
    if (size < MIN_BYTES) {
      throw brokenParquet(path, 0, `a file of at least ${MIN_BYTES} bytes, got ${size}`);
    }
    const { parquetMetadataAsync } = await import("hyparquet");
    const footer: AsyncBuffer = { byteLength: size, slice: partsOf(file) };
    await checkFoot(footer, path);
    const metadata = await guarded(path, size - 8, () => parquetMetadataAsync(footer));
    const columns = chooseColumns(metadata, path, textField, idField);
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      yield* readGroup(bytes, { metadata, group, columns, rowStart, rowEnd });
      rowStart = rowEnd;
    }
    if (rowStart !== Number(metadata.num_rows)) {
      throw brokenParquet(path, size - 8, `${metadata.num_rows} rows, got ${rowStart}`);
    }
    while (await bytes.next() !== null); // so that whoever counts or hashes the bytes has them all
  });
  return { ...pair, report };

  async function* readGroup(bytes: ByteReader, part: Part): AsyncGenerator<Document> {
    const { metadata, group, columns, rowStart, rowEnd } = part;
    const [start, end] = checkGroup(group, columns, { path, size: size!, maxRowGroupBytes });
    if (start === end) return;
    const { parquetReadObjects } = await import("hyparquet");
    const held = start < bytes.offset
      ? new Uint8Array(await partsOf(file)(start, end)) // row groups in another order
      : await readSpan(bytes, start, end, path);
    const checks = new PageChecks(path, maxRowGroupBytes);
    for (const column of chosen(group, columns)) {
      const first = Number(column.dictionary_page_offset || column.data_page_offset);
      const length = Number(column.total_compressed_size);
      checks.add(held.subarray(first - start, first - start + length), first, {
        values: Number(column.num_values),
        shape: shapeOf(metadata.schema, column.path_in_schema),
        isPacked: column.codec !== "UNCOMPRESSED",
      });
    }
    const slice = (from: number, to: number = size!) => held.slice(from - start, to - start).buffer;
    const compressors = checks.decoders();
    const rows = await guarded(path, start, () =>
      parquetReadObjects({
        file: { byteLength: size!, slice },
        metadata,
        columns,
        rowStart,
        rowEnd,
        compressors,
        parsers: { stringFromBytes },
      }));
    for (const row of rows) {
      const document = documentOf(row, start);
      if (document !== null) yield document;
    }
  }

  function documentOf(row: Record<string, unknown>, offset: number): Document | null {
    const text = row[textField];
    if (text === null) {
      report.records++;
      report.skipped++;
      return null;
    }
    const decoded = text instanceof Uint8Array ? decode(text, offset) : text;
    if (decoded === null) {
      report.records++;
      return null;
    }
    if (typeof decoded === "string" && decoded.length > maxDocumentBytes) {
      throw tooLong(path, offset, maxDocumentBytes);
    }
    const fields = Object.entries(row).map(([name, value]) => [name, plain(value)])
      .filter(([, value]) => value !== undefined);
    return documentFromFields({ ...Object.fromEntries(fields), [textField]: plain(decoded) }, {
      path,
      offset,
      kind: "row",
      textField,
      idField,
      onInvalid,
      report,
    });
  }
}

/** A row group and what of it is read. */
interface Part {
  metadata: FileMetaData;
  group: RowGroup;
  columns: string[];
  /** Of the file's rows, the group's first and the one after its last. */
  rowStart: number;
  rowEnd: number;
}

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text, or the bytes themselves where they are none. */
function stringFromBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return bytes && STRICT.decode(bytes);
  } catch {
    return bytes.slice();
  }
}

/** A value as JSON has it; nothing for binary ones. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") {
    return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}`;
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (typeof value === "number" && !Number.isFinite(value)) return null;
  return value instanceof Uint8Array ? undefined : value;
}

/** The column of the text and all without nesting. */
function chooseColumns(
  metadata: FileMetaData,
  path: string,
  textField: string,
  idField: string | undefined,
): string[] {
  const [root, ...rest] = metadata.schema;
  const names: string[] = [];
  const columns: string[] = [];
  for (let at = 0, i = 0; i < (root.num_children ?? 0) && at < rest.length; i++) {
    const { name, num_children: children, repetition_type: repetition } = rest[at];
    names.push(name);
    const flat = !children && repetition !== "REPEATED";
    if (flat || name === textField || name === idField) columns.push(name);
    for (let left = 1; left > 0 && at < rest.length; at++) left += (rest[at].num_children ?? 0) - 1;
  }
  for (const [field, option] of [[textField, "textField"], [idField, "idField"]]) {
    if (field === undefined || names.includes(field)) continue;
    throw new DataError(
      `Cannot read the rows: wanted a column ${field}, got ${names.join(", ")}; name one of ` +
        `them (${option})`,
      path,
    );
  }
  return columns;
}

/** The columns that are read. */
function chosen(group: RowGroup, columns: string[]): ColumnMetaData[] {
  return group.columns.map(({ meta_data }) => meta_data)
    .filter((column) => column !== undefined && columns.includes(column.path_in_schema[0]))
    .map((column) => column!);
}

/** Where the columns of the group begin and end in the file. */
function checkGroup(
  group: RowGroup,
  columns: string[],
  { path, size, maxRowGroupBytes }: { path: string; size: number; maxRowGroupBytes: number },
): [number, number] {
  let [start, end, unpacked] = [size, 0, 0];
  for (const column of chosen(group, columns)) {
    const first = Number(column.dictionary_page_offset || column.data_page_offset);
    const after = first + Number(column.total_compressed_size);
    if (!(first >= MAGIC.length && after >= first && after <= size - 8)) {
      throw brokenParquet(
        path,
        size - 8,
        `a column between bytes 4 and ${size - 8}, got one at ${first}`,
      );
    }
    [start, end] = [Math.min(start, first), Math.max(end, after)];
    unpacked += Number(column.total_uncompressed_size);
  }
  if (end === 0 && Number(group.num_rows) > 0) {
    throw brokenParquet(path, size - 8, `columns of ${group.num_rows} rows, got none`);
  }
  if (!(Math.max(unpacked, end - start, Number(group.num_rows)) <= maxRowGroupBytes)) {
    throw new DataError(
      `Cannot read the row group: wanted at most ${maxRowGroupBytes} bytes in memory, got ` +
        `${unpacked}; raise maxRowGroupBytes, or write the file again with smaller row groups`,
      path,
      Math.min(start, size),
    );
  }
  return end === 0 ? [0, 0] : [start, end];
}

async function readSpan(
  bytes: ByteReader,
  start: number,
  end: number,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  await bytes.skip(start - bytes.offset);
  const span = await bytes.read(end - start);
  if (span.length < end - start) {
    throw brokenParquet(
      path,
      bytes.offset,
      `${end - start} bytes of a row group, got ${span.length}`,
    );
  }
  return new Uint8Array(span);
}

function partsOf(file: ParquetFile): (start: number, end?: number) => Promise<ArrayBuffer> {
  return async (start, end) => {
    const chunks = await Array.fromAsync(file.open({ start, end }));
    return concatBytes([new Uint8Array(0), ...chunks]).slice().buffer as ArrayBuffer;
  };
}

function checkHead(head: Uint8Array, path: string): void {
  if (new TextDecoder().decode(head) === MAGIC) return;
  const packed = (head[0] === 0x1f && head[1] === 0x8b) || (head[0] === 0x28 && head[1] === 0xb5);
  throw new DataError(
    `Cannot read Parquet: wanted a file that begins with ${MAGIC}, got ` +
      (packed ? "a compressed one; unpack it, its pages are compressed already" : "another one; " +
        "check the format"),
    path,
  );
}

async function checkFoot({ byteLength, slice }: AsyncBuffer, path: string): Promise<void> {
  const foot = new TextDecoder().decode(await slice(byteLength - 4, byteLength));
  if (foot === MAGIC) return;
  throw new DataError(
    `Cannot read Parquet: wanted a file that ends with ${MAGIC}, got ${JSON.stringify(foot)}; it ` +
      "was cut short, fetch it again",
    path,
    byteLength - 4,
  );
}

function notSeekable(path: string): DataError {
  return new DataError(
    "Cannot read Parquet: wanted a file that can be read from its end, got " +
      (path === "-" ? "standard input" : "one of unknown size") +
      "; save it as a file and name that",
    path,
  );
}

/** Runs the library; its errors, and what it stumbles over, mean that the file is corrupt. */
async function guarded<T>(path: string, offset: number, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(
      `Cannot read Parquet: what stands here can't be read (${(cause as Error).message}); the ` +
        "file is corrupt or of a kind that isn't read, fetch it again or write it anew",
      path,
      offset,
      { cause },
    );
  }
}
