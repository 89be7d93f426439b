import { concatBytes } from "../byte_reader.ts";
import { tooLong } from "./document_reader.ts";

/** Finds where records end in bytes that come in pieces. */
export interface Scanner {
  /**
   * Index just after the end of the record that goes on at `from`, delimiter included; -1 where it
   * goes on in the next piece.
   *
   * @param offset where `bytes` begin in the file
   */
  scan(bytes: Uint8Array, from: number, offset: number): number;
  /** Bytes at the end of the record just found that belong to its delimiter. */
  delimiterBytes: number;
  /** Called at the end of the file; throws where a record is still open. */
  end?(offset: number): void;
}

/** Options of {@linkcode splitRecords}. */
export interface SplitRecordsOptions<T> {
  path: string;
  scanner: Scanner;
  /** The most bytes of one record. */
  maxDocumentBytes: number;
  /** What to make of a record; null for nothing. `offset` is where it begins in the file. */
  read(record: Uint8Array, offset: number): T | null;
}

/**
 * Cuts bytes into records and makes something of each. A byte order mark at the start belongs to no
 * record.
 *
 * @throws {DataError} in the stream, where a record has more than `maxDocumentBytes`
 */
export function splitRecords<T>(options: SplitRecordsOptions<T>): TransformStream<Uint8Array, T> {
  const { path, scanner, maxDocumentBytes, read } = options;
  type Controller = TransformStreamDefaultController<T>;
  let head: Uint8Array | null = new Uint8Array(0); // until it is known whether it is a mark
  let offset = 0;
  let start = 0;
  let pieces: Uint8Array[] = [];
  let heldBytes = 0;

  function finish(tail: Uint8Array, delimiterBytes: number, controller: Controller): void {
    const length = heldBytes + tail.length - delimiterBytes;
    if (length > maxDocumentBytes) throw tooLong(path, start, maxDocumentBytes);
    const record = heldBytes === 0 ? tail : concatBytes([...pieces, tail]);
    const made = read(record.subarray(0, length), start);
    if (made !== null) controller.enqueue(made);
    pieces = [];
    heldBytes = 0;
  }

  function push(bytes: Uint8Array, controller: Controller): void {
    let from = 0;
    for (let end; (end = scanner.scan(bytes, from, offset)) >= 0; from = end) {
      finish(bytes.subarray(from, end), scanner.delimiterBytes, controller);
      start = offset + end;
    }
    offset += bytes.length;
    if (from === bytes.length) return;
    pieces.push(bytes.subarray(from));
    heldBytes += bytes.length - from;
    if (heldBytes > maxDocumentBytes) throw tooLong(path, start, maxDocumentBytes);
  }

  function pushHead(bytes: Uint8Array, controller: Controller): void {
    head = null;
    const isMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    offset = start = isMark ? 3 : 0;
    push(bytes.subarray(start), controller);
  }

  return new TransformStream({
    transform(chunk, controller) {
      if (head === null) return push(chunk, controller);
      head = concatBytes([head, chunk]);
      if (head.length >= 3 || (head.length > 0 && head[0] !== 0xef)) pushHead(head, controller);
    },
    flush(controller) {
      if (head !== null) pushHead(head, controller);
      scanner.end?.(offset);
      if (heldBytes > 0) finish(new Uint8Array(0), 0, controller);
    },
  });
}
