import type { Document } from "../../document.ts";
import { readingTransform } from "../byte_reader.ts";
import { decodePage } from "../web/mod.ts";
import {
  type DocumentReader,
  emptyReadReport,
  MAX_DOCUMENT_BYTES,
  type ReadFormatOptions,
  tooLong,
  utf8Decoder,
} from "./document_reader.ts";
import { decodeBody, MAX_HTTP_HEAD_BYTES, parseHttpResponse } from "./http_response.ts";
import { type WarcRecord, warcRecords } from "./warc_records.ts";
import { pageReader } from "./web_page.ts";

/**
 * Web crawls as documents: of WARC the web pages (their main text) and plain texts that servers
 * answered with success or that were kept without an answer (`resource`), of WET the texts. Other
 * records are counted as skipped. The id is the
 * record's; metadata are `url`, `date` and a page's `title`.
 *
 * @param path the file's name, for the documents and errors
 * @throws {DataError} in the stream, where a record is broken or cut short, its length is wrong, its
 * text longer than `maxDocumentBytes`, or the text of a WET record no UTF-8; offsets are in unpacked
 * bytes
 * @example
 * ```ts
 * import { decompress, readBytes, readWarc } from "@quern/quern";
 * const pages = (path: string) =>
 *   readBytes(path).pipeThrough(decompress(path)).pipeThrough(readWarc(path));
 * ```
 */
export function readWarc(path: string, options: ReadFormatOptions = {}): DocumentReader {
  const { onInvalid = "error", maxDocumentBytes = MAX_DOCUMENT_BYTES } = options;
  const report = emptyReadReport();
  const decode = utf8Decoder(path, report, onInvalid);
  const readPage = pageReader(options);

  const pair = readingTransform<Document>(async function* (bytes) {
    for await (const record of warcRecords(bytes, path)) {
      const number = report.records++;
      const invalid = report.invalid;
      const content = await contentOf(record);
      const document = content && await readPage(documentOf(record, number, content));
      if (document === null) {
        if (report.invalid === invalid) report.skipped++;
        continue;
      }
      report.documents++;
      yield document;
    }
  });
  return { ...pair, report };

  function documentOf({ headers }: WarcRecord, number: number, content: Content): Document {
    const metadata = Object.fromEntries(
      Object.entries({
        url: headers["warc-target-uri"]?.replace(/^<(.*)>$/, "$1"),
        date: headers["warc-date"],
      }).filter(([, value]) => value !== undefined),
    );
    const id = headers["warc-record-id"]?.replace(/^<(.*)>$/, "$1") || `${number}`;
    return { id, source: path, metadata, ...content };
  }

  async function contentOf(record: WarcRecord): Promise<Content | null> {
    const contentType = record.headers["content-type"] ?? "";
    if (record.type === "conversion") {
      if (mediaType(contentType) !== "text/plain") return null;
      const block = await readWhole(record);
      const text = decode(block, record.blockOffset);
      return text === null ? null : { text };
    }
    // wget puts its own log into resources whose URI begins so.
    const isLog = record.headers["warc-target-uri"]?.replace("<", "").startsWith("metadata:");
    if (record.type === "resource" && !isLog) {
      return await textOf(contentType, () => readWhole(record));
    }
    if (record.type !== "response") return null;
    const head = parseHttpResponse(await record.peek(MAX_HTTP_HEAD_BYTES));
    if (head === null || head.status < 200 || head.status > 299) return null;
    return await textOf(head.headers["content-type"] ?? "", async () => {
      const whole = parseHttpResponse(await readWhole(record));
      return whole && decodeBody(whole, maxDocumentBytes);
    });
  }

  async function textOf(
    contentType: string,
    read: () => Promise<Uint8Array | null>,
  ): Promise<Content | null> {
    const type = mediaType(contentType);
    if (type !== "text/plain" && type !== "text/html" && type !== "application/xhtml+xml") {
      return null;
    }
    const body = await read();
    if (body === null) return null;
    const text = decodePage(body, contentType);
    if (text === "") return null;
    return type === "text/plain" ? { text } : { text, html: true };
  }

  async function readWhole(record: WarcRecord): Promise<Uint8Array> {
    if (record.size > maxDocumentBytes) throw tooLong(path, record.offset, maxDocumentBytes);
    return await record.read();
  }
}

/** Of a record; `html` marks a page that is still to be read. */
type Content = Pick<Document, "text" | "html">;

/** The type without its parameters, in small letters. */
function mediaType(contentType: string): string {
  return contentType.split(";")[0].trim().toLowerCase();
}
