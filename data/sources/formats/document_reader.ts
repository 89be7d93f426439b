import type { Document } from "../../document.ts";
import { DataError } from "../../errors.ts";
import { invalidUtf8 } from "../utf8.ts";

/** What to do with text that holds invalid characters. */
export type OnInvalid = "error" | "replace" | "drop";

/** Options that the readers of all formats share. */
export interface ReadFormatOptions {
  /**
   * What invalid characters are: an error, replaced by U+FFFD, or a reason to drop their document.
   * @default "error"
   */
  onInvalid?: OnInvalid;
  /** The most bytes that one document or record may have, unpacked. @default 64 MiB */
  maxDocumentBytes?: number;
  /**
   * What a web page becomes: its main text, or itself as HTML, for the step `mainText` to read it
   * where the time is to be spent.
   * @default "text"
   */
  webPages?: "text" | "html";
}

/** What a reader made of its bytes so far. */
export interface ReadReport {
  /** Rows, lines, members or records that were looked at. */
  records: number;
  /** Documents that came out. */
  documents: number;
  /** Documents among them in which invalid characters were replaced. */
  replaced: number;
  /** Documents dropped for their invalid characters. */
  invalid: number;
  /** Records that hold no document: other types of a WARC, files of a sample without text. */
  skipped: number;
}

/** A transform from the bytes of one file to its documents, which counts them. */
export interface DocumentReader extends ReadableWritablePair<Document, Uint8Array> {
  /** Counts so far; complete once the stream has ended. */
  readonly report: ReadReport;
}

/** The most bytes of a document where nothing else is said. */
export const MAX_DOCUMENT_BYTES: number = 2 ** 26;

/** A report of nothing yet. */
export function emptyReadReport(): ReadReport {
  return { records: 0, documents: 0, replaced: 0, invalid: 0, skipped: 0 };
}

/** The error of a document that is too long. */
export function tooLong(path: string, offset: number, maxDocumentBytes: number): DataError {
  return new DataError(
    `Cannot read a document: wanted at most ${maxDocumentBytes} bytes, got more; raise ` +
      "maxDocumentBytes, or cut the text by lines or a separator",
    path,
    offset,
  );
}

/** Text from bytes, by the rule for invalid characters; null where they drop the document. */
export type Decode = (bytes: Uint8Array, offset: number) => string | null;

/** A decoder of UTF-8 that counts into the report. */
export function utf8Decoder(path: string, report: ReadReport, onInvalid: OnInvalid): Decode {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
  return (bytes, offset) => {
    try {
      return strict.decode(bytes);
    } catch (cause) {
      if (onInvalid === "error") throw invalidUtf8(bytes, path, offset, cause);
      report[onInvalid === "replace" ? "replaced" : "invalid"]++;
      return onInvalid === "replace" ? lenient.decode(bytes) : null;
    }
  };
}

/** The same rule for text that came as a string: half a surrogate pair is invalid. */
export function checkText(
  text: string,
  { path, offset, report, onInvalid }: {
    path: string;
    offset: number;
    report: ReadReport;
    onInvalid: OnInvalid;
  },
): string | null {
  if (text.isWellFormed()) return text;
  if (onInvalid === "error") {
    throw new DataError(
      "Cannot read text: it holds half a surrogate pair; mend the file, or replace or drop such " +
        "text (onInvalid)",
      path,
      offset,
    );
  }
  report[onInvalid === "replace" ? "replaced" : "invalid"]++;
  return onInvalid === "replace" ? text.toWellFormed() : null;
}
