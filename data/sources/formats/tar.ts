import type { Document } from "../../document.ts";
import { DataError } from "../../errors.ts";
import { readingTransform } from "../byte_reader.ts";
import { decompress } from "../compression/mod.ts";
import { toUtf8 } from "../utf16.ts";
import {
  type DocumentReader,
  emptyReadReport,
  MAX_DOCUMENT_BYTES,
  tooLong,
  utf8Decoder,
} from "./document_reader.ts";
import { type TarMember, tarMembers } from "./tar_members.ts";
import {
  openTextReader,
  type ReadTextFormatOptions,
  suffixOf,
  textFormatOf,
} from "./text_formats.ts";

/** Options of {@linkcode readTar}. */
export interface ReadTarOptions extends ReadTextFormatOptions {
  /** The most bytes that a compressed member may unpack to. @default 1 TiB */
  maxExpandedBytes?: number;
}

/** Members that hold other archives, which are not looked into. */
const ARCHIVES = new Set(["tar", "tgz", "warc", "wet", "wat", "parquet"]);

/** As git tells text from binary data: no zero byte among the first 8000. */
const SNIFF_BYTES = 8000;

/**
 * The files in a tar archive as documents, each by its name: JSON and its kin, CSV, web pages, all
 * others plain text, compressed or not. What is no text is counted as skipped. The id is the
 * member's name, with the id within it after `#` where a member holds many; offsets in errors are
 * those within the member, whose name stands behind the archive's.
 *
 * @param path the archive's name, for the documents and errors
 * @throws {DataError} in the stream, where the archive or a member is broken, cut short or leads
 * out of the archive
 * @example
 * ```ts
 * import { decompress, readBytes, readTar } from "@quern/quern";
 * const documents = (path: string) =>
 *   readBytes(path).pipeThrough(decompress(path)).pipeThrough(readTar(path));
 * ```
 */
export function readTar(path: string, options: ReadTarOptions = {}): DocumentReader {
  const report = emptyReadReport();
  const pair = readingTransform<Document>(async function* (bytes) {
    for await (const member of tarMembers(bytes, path)) yield* documentsOf(member);
  });
  return { ...pair, report };

  async function* documentsOf(member: TarMember): AsyncGenerator<Document> {
    const place = `${path}/${member.name}`;
    const format = textFormatOf(member.name);
    if (ARCHIVES.has(suffixOf(member.name))) {
      report.skipped++;
      return;
    }
    const content = member.open()
      .pipeThrough(decompress(place, { maxExpandedBytes: options.maxExpandedBytes }))
      .pipeThrough(textOnly())
      .pipeThrough(toUtf8(place, options));
    const reader = openTextReader(place, format, options);
    const single = format === "html" || (format === "text" && options.separator === undefined);
    for await (const document of content.pipeThrough(reader)) {
      const id = single ? member.name : `${member.name}#${document.id}`;
      yield { ...document, id, source: path };
    }
    for (const key of ["records", "documents", "replaced", "invalid", "skipped"] as const) {
      report[key] += reader.report[key];
    }
  }

  /** Lets text through, and nothing of what is none. */
  function textOnly(): ReadableWritablePair<Uint8Array, Uint8Array> {
    return readingTransform(async function* (bytes) {
      const head = await bytes.peek(SNIFF_BYTES);
      const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) ||
        (head[0] === 0xfe && head[1] === 0xff);
      if (head.includes(0) && !isUtf16) {
        report.skipped++;
        return;
      }
      for (let chunk; (chunk = await bytes.next()) !== null;) yield chunk;
    });
  }
}

/**
 * WebDataset's archives as documents: members that follow one another and have the same name up to
 * its first dot are a sample; its text is the member with the suffix `textField`, its metadata the
 * object in the one with the suffix `json`, if there is one. Samples without text are counted as
 * skipped, members named like `__this__` are none.
 *
 * @param path the archive's name, for the documents and errors
 * @param options `textField` is a suffix here, `txt` by default; `idField` names a field of the
 * metadata, and by default the id is the sample's name
 * @throws {DataError} in the stream, where the archive is broken, cut short or leads out of itself,
 * a sample has two members of one suffix, or its text or metadata can't be read
 */
export function readWebDataset(path: string, options: ReadTarOptions = {}): DocumentReader {
  const { textField = "txt", idField, onInvalid = "error" } = options;
  const { maxDocumentBytes = MAX_DOCUMENT_BYTES } = options;
  const report = emptyReadReport();
  const decode = utf8Decoder(path, report, onInvalid);
  let sample: Sample | undefined;

  const pair = readingTransform<Document>(async function* (bytes) {
    for await (const member of tarMembers(bytes, path)) {
      const [, key, suffix] = /^((?:.*\/)?[^./]+)\.([^/]*)$/.exec(member.name) ?? [];
      if (key === undefined || /^__[^/]*__$/.test(key.slice(key.lastIndexOf("/") + 1))) continue;
      if (sample?.key !== key) {
        yield* finish();
        sample = { key, offset: member.offset, suffixes: new Set() };
      }
      await add(sample, suffix.toLowerCase(), member);
    }
    yield* finish();
  });
  return { ...pair, report };

  async function add(sample: Sample, suffix: string, member: TarMember): Promise<void> {
    if (sample.suffixes.has(suffix)) {
      throw new DataError(
        `Cannot read the sample ${sample.key}: wanted one member .${suffix}, got two; pack the ` +
          "archive again",
        path,
        member.offset,
      );
    }
    sample.suffixes.add(suffix);
    if (suffix !== textField.toLowerCase() && suffix !== "json") return;
    if (member.size > maxDocumentBytes) throw tooLong(path, member.offset, maxDocumentBytes);
    const content = member.open().pipeThrough(toUtf8(`${path}/${member.name}`, { onInvalid }));
    const bytes = new Uint8Array(await new Response(content).arrayBuffer());
    const part = { bytes, offset: member.offset + 512 };
    if (suffix === textField.toLowerCase()) sample.text = part;
    if (suffix === "json") sample.metadata = part;
  }

  function* finish(): Generator<Document> {
    if (sample === undefined) return;
    const { key, text, metadata } = sample;
    report.records++;
    if (text === undefined) {
      report.skipped++;
      return;
    }
    const fields = metadata === undefined ? {} : parseMetadata(key, metadata);
    const isMarked = text.bytes[0] === 0xef && text.bytes[1] === 0xbb && text.bytes[2] === 0xbf;
    const decoded = decode(text.bytes.subarray(isMarked ? 3 : 0), text.offset + (isMarked ? 3 : 0));
    if (decoded === null) return;
    const id = idField === undefined ? key : fields[idField];
    if ((typeof id !== "string" || id === "") && typeof id !== "number") {
      throw new DataError(
        `Cannot read the sample ${key}: wanted an id in the field ${idField} of its metadata, ` +
          `got none; its fields are ${Object.keys(fields).join(", ") || "none"}, name one ` +
          "(idField) or none",
        path,
        sample.offset,
      );
    }
    report.documents++;
    yield { id: `${id}`, text: decoded, source: path, metadata: fields };
  }

  function parseMetadata(key: string, { bytes, offset }: Part): Record<string, unknown> {
    try {
      const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    } catch (cause) {
      throw unreadable(key, offset, cause);
    }
    throw unreadable(key, offset);
  }

  function unreadable(key: string, offset: number, cause?: unknown): DataError {
    return new DataError(
      `Cannot read the sample ${key}: wanted a JSON object in its member .json, got something ` +
        "else; mend it and pack the archive again",
      path,
      offset,
      { cause },
    );
  }
}

interface Sample {
  key: string;
  /** Where it begins in the archive. */
  offset: number;
  suffixes: Set<string>;
  text?: Part;
  metadata?: Part;
}

interface Part {
  bytes: Uint8Array;
  offset: number;
}
