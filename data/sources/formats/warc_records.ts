import { DataError } from "../../errors.ts";
import type { ByteReader } from "../byte_reader.ts";

const MAX_HEAD_BYTES = 1 << 16;

/** A record of a WARC file. */
export interface WarcRecord {
  /** `response`, `conversion`, `metadata` and so on. */
  type: string;
  /** By names in small letters; the first one of each name. */
  headers: Record<string, string>;
  /** Where the record begins, in unpacked bytes. */
  offset: number;
  /** Where its block begins. */
  blockOffset: number;
  /** Bytes of the block. */
  size: number;
  /** The first bytes of the block, which stay to be read. */
  peek(count: number): Promise<Uint8Array>;
  /** The block; what is not read is passed over before the next record. */
  read(): Promise<Uint8Array>;
}

/**
 * The records of WARC 1.0 and 1.1 (ISO 28500), and of WET and WAT, which are WARC too.
 *
 * @throws {DataError} where a header is broken, the length of a block is missing or wrong, or the
 * file ends within a record
 */
export async function* warcRecords(bytes: ByteReader, path: string): AsyncGenerator<WarcRecord> {
  for (;;) {
    await skipLineBreaks(bytes);
    const offset = bytes.offset;
    if ((await bytes.peek(1)).length === 0) return;
    const headers = await readHead(bytes, path);
    const length = headers["content-length"] ?? "none";
    const size = /^\d+$/.test(length) ? Number(length) : NaN;
    if (!Number.isSafeInteger(size)) {
      throw new DataError(
        `Cannot read the record: wanted its length in Content-Length, got ${length}; fetch the ` +
          "file again",
        path,
        offset,
      );
    }
    const blockOffset = bytes.offset;
    const end = blockOffset + size;
    const missing = () => cutShort(path, bytes.offset, offset, `${size} bytes of its block`);
    yield {
      type: headers["warc-type"] ?? "",
      headers,
      offset,
      blockOffset,
      size,
      peek: (count) => bytes.peek(Math.min(count, end - bytes.offset)),
      async read() {
        const block = await bytes.read(size);
        if (block.length < size) throw missing();
        return block;
      },
    };
    const left = end - bytes.offset;
    if (await bytes.skip(left) < left) throw missing();
    await checkEnd(bytes, path, offset, size);
  }
}

async function skipLineBreaks(bytes: ByteReader): Promise<void> {
  for (;;) {
    const [byte] = await bytes.peek(1);
    if (byte !== 0x0a && byte !== 0x0d) return;
    await bytes.skip(1);
  }
}

/** The version line and the header fields, up to the blank line. */
async function readHead(bytes: ByteReader, path: string): Promise<Record<string, string>> {
  const offset = bytes.offset;
  const lines: string[] = [];
  for (;;) {
    const at = bytes.offset;
    const line = await readLine(bytes, offset + MAX_HEAD_BYTES - at);
    if (line === null) {
      if ((await bytes.peek(1)).length === 0) {
        throw cutShort(path, bytes.offset, offset, "a blank line after its header");
      }
      throw new DataError(
        `Cannot read the record: wanted a header of at most ${MAX_HEAD_BYTES} bytes, got more; ` +
          "fetch the file again",
        path,
        offset,
      );
    }
    if (lines.length === 0 && !/^WARC\/\d+\.\d+$/.test(line)) {
      throw new DataError(
        `Cannot read the record: wanted WARC/1.0 or WARC/1.1, got ` +
          `${JSON.stringify(line.slice(0, 40))}; the length of the record before is wrong, or ` +
          "this is no WARC file",
        path,
        offset,
      );
    }
    if (line === "") break;
    lines.push(line);
  }
  const headers: Record<string, string> = {};
  let last = "";
  for (const line of lines.slice(1)) {
    if (/^[ \t]/.test(line)) {
      if (last !== "") headers[last] += ` ${line.trim()}`;
      continue;
    }
    const colon = line.indexOf(":");
    last = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (last === "") continue;
    if (headers[last] === undefined) headers[last] = line.slice(colon + 1).trim();
    else last = "";
  }
  return headers;
}

/** A line of at most `most` bytes, without its end; null where no line feed comes by then. */
async function readLine(bytes: ByteReader, most: number): Promise<string | null> {
  for (let count = 512;; count *= 2) {
    const ahead = await bytes.peek(Math.min(count, most));
    const end = ahead.indexOf(0x0a);
    if (end >= 0) {
      const line = new TextDecoder().decode(ahead.subarray(0, end)).replace(/\r$/, "");
      await bytes.skip(end + 1);
      return line;
    }
    if (ahead.length < count || count >= most) {
      if (ahead.length < Math.min(count, most)) await bytes.skip(ahead.length);
      return null;
    }
  }
}

/** Behind a block stands an empty line; some writers leave a part of it or all out. */
async function checkEnd(
  bytes: ByteReader,
  path: string,
  offset: number,
  size: number,
): Promise<void> {
  const at = bytes.offset;
  await skipLineBreaks(bytes);
  const next = new TextDecoder("windows-1252").decode(await bytes.peek(5));
  if ("WARC/".startsWith(next)) return; // what is cut short shows with the next record
  throw new DataError(
    `Cannot read the record that begins at byte ${offset}: wanted its end after the ${size} bytes ` +
      `that its Content-Length says, got ${JSON.stringify(next)}; fetch the file again`,
    path,
    at,
  );
}

function cutShort(path: string, at: number, offset: number, wanted: string): DataError {
  return new DataError(
    `Cannot read the record that begins at byte ${offset}: wanted ${wanted}, got the end of the ` +
      "file; it was cut short, fetch it again",
    path,
    at,
  );
}
