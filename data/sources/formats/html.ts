import type { Document } from "../../document.ts";
import { concatBytes } from "../byte_reader.ts";
import { decodePage } from "../web/mod.ts";
import {
  type DocumentReader,
  emptyReadReport,
  MAX_DOCUMENT_BYTES,
  type ReadFormatOptions,
  tooLong,
} from "./document_reader.ts";
import { pageReader } from "./web_page.ts";

/**
 * A web page as one document: its main text, with the title as metadata; a page without any is
 * counted as skipped. With `webPages: "html"` it is the page itself.
 *
 * @param path the file's name, for the document and errors
 * @throws {DataError} in the stream, where the page is longer than `maxDocumentBytes`
 */
export function readHtml(path: string, options: ReadFormatOptions = {}): DocumentReader {
  const { maxDocumentBytes = MAX_DOCUMENT_BYTES } = options;
  const report = emptyReadReport();
  const readPage = pageReader(options);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const { readable, writable } = new TransformStream<Uint8Array, Document>({
    transform(chunk) {
      bytes += chunk.length;
      if (bytes > maxDocumentBytes) throw tooLong(path, 0, maxDocumentBytes);
      pieces.push(chunk);
    },
    async flush(controller) {
      if (bytes === 0) return;
      report.records++;
      const text = decodePage(concatBytes(pieces));
      const page = await readPage({ id: "0", text, source: path, metadata: {}, html: true });
      if (page === null) report.skipped++;
      else {
        report.documents++;
        controller.enqueue(page);
      }
    },
  });
  return { readable, writable, report };
}
