import type { Document } from "../../document.ts";
import { concatBytes } from "../byte_reader.ts";
import { extractMainText } from "../web/mod.ts";
import {
  type DocumentReader,
  emptyReadReport,
  MAX_DOCUMENT_BYTES,
  type ReadFormatOptions,
  tooLong,
} from "./document_reader.ts";

/**
 * A web page as one document: its main text, with the title as metadata; a page without any is
 * counted as skipped.
 *
 * @param path the file's name, for the document and errors
 * @throws {DataError} in the stream, where the page is longer than `maxDocumentBytes`
 */
export function readHtml(path: string, options: ReadFormatOptions = {}): DocumentReader {
  const { maxDocumentBytes = MAX_DOCUMENT_BYTES } = options;
  const report = emptyReadReport();
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
      const page = await extractMainText(concatBytes(pieces));
      if (page === null) report.skipped++;
      else {
        report.documents++;
        const metadata = page.title === undefined ? {} : { title: page.title };
        controller.enqueue({ id: "0", text: page.text, source: path, metadata });
      }
    },
  });
  return { readable, writable, report };
}
