import { DataError } from "../../errors.ts";
import type { ByteReader } from "../byte_reader.ts";

const BLOCK_BYTES = 512;

/** Long names and the like take less. */
const MAX_EXTENSION_BYTES = 1 << 20;

/** A file of a tar archive. */
export interface TarMember {
  /** Its path in the archive, without `./` before it. */
  name: string;
  /** Bytes of its content. */
  size: number;
  /** Where its header begins in the archive. */
  offset: number;
  /** The content; what is left of it is passed over before the next member. */
  open(): ReadableStream<Uint8Array>;
}

/**
 * The regular files of a tar archive (POSIX.1-2024 ustar and pax; GNU's long names and sizes), in
 * order. Folders, links and devices are passed over. Archives that were put one behind the other
 * are read as one.
 *
 * @throws {DataError} where a header is broken, the archive ends within a member or without the
 * zero block that ends it, or a name leads out of the archive
 */
export async function* tarMembers(bytes: ByteReader, path: string): AsyncGenerator<TarMember> {
  const everyone: Record<string, string> = {};
  let next: Record<string, string> = {};
  let ended = true; // an empty file holds nothing, and nothing is missing
  for (;;) {
    const offset = bytes.offset;
    const block = await bytes.read(BLOCK_BYTES);
    if (block.length === 0 && ended) return;
    if (block.length < BLOCK_BYTES && !(ended && isZero(block))) {
      throw cutShort(
        path,
        bytes.offset,
        block.length === 0 ? "without its end mark" : "in a header",
      );
    }
    ended = isZero(block);
    if (ended) continue;
    checkSum(block, path, offset);
    const header = { ...readHeader(block, path, offset), ...sizeIn(next, path, offset) };
    const { type, size } = header;
    if (type === "x" || type === "g" || type === "L" || type === "K") {
      const content = await readExtension(bytes, size, path);
      if (type === "x") Object.assign(next, parsePax(content, path, offset + BLOCK_BYTES));
      else if (type === "g") {
        Object.assign(everyone, parsePax(content, path, offset + BLOCK_BYTES));
      } else if (type === "L") next.path = fieldText(content);
      continue;
    }
    const known = { ...everyone, ...next };
    next = {};
    const name = checkName(known.path ?? header.name, path, offset);
    if (type === "S" || known["GNU.sparse.major"] !== undefined) {
      throw new DataError(
        `Cannot read the archive: the member ${name} is sparse, with holes left out; pack it ` +
          "again without (tar without --sparse)",
        path,
        offset,
      );
    }
    const end = bytes.offset + size;
    // Before there was a type for folders, their names ended in a slash.
    if ((type === "0" || type === "7") && !name.endsWith("/")) {
      yield { name, size, offset, open: () => contentOf(bytes, end, path, name) };
    }
    await passOver(bytes, end - bytes.offset, path, name);
    await passOver(bytes, -size & (BLOCK_BYTES - 1), path, name);
  }
}

/** The bytes up to `end`, read when they are asked for. */
function contentOf(
  bytes: ByteReader,
  end: number,
  path: string,
  name: string,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      if (bytes.offset >= end) return controller.close();
      const chunk = await bytes.next();
      if (chunk === null) throw cutShort(path, bytes.offset, `within the member ${name}`);
      const excess = bytes.offset - end;
      if (excess > 0) bytes.unread(chunk.subarray(chunk.length - excess));
      controller.enqueue(excess > 0 ? chunk.subarray(0, chunk.length - excess) : chunk);
    },
  }, { highWaterMark: 0 });
}

async function passOver(
  bytes: ByteReader,
  count: number,
  path: string,
  name: string,
): Promise<void> {
  if (await bytes.skip(count) < count) {
    throw cutShort(path, bytes.offset, `within the member ${name}`);
  }
}

async function readExtension(bytes: ByteReader, size: number, path: string): Promise<Uint8Array> {
  if (size > MAX_EXTENSION_BYTES) {
    throw new DataError(
      `Cannot read the archive: wanted an extended header of at most ${MAX_EXTENSION_BYTES} ` +
        `bytes, got ${size}; the archive is broken, fetch it again`,
      path,
      bytes.offset - BLOCK_BYTES,
    );
  }
  const content = (await bytes.read(size)).slice();
  const padding = -size & (BLOCK_BYTES - 1);
  if (content.length < size || await bytes.skip(padding) < padding) {
    throw cutShort(path, bytes.offset, "within an extended header");
  }
  return content;
}

function readHeader(
  block: Uint8Array,
  path: string,
  offset: number,
): { name: string; size: number; type: string } {
  const short = fieldText(block.subarray(0, 100));
  // GNU's own format says "ustar " and has other fields where ustar has the prefix.
  const isUstar = fieldText(block.subarray(257, 263)) === "ustar";
  const prefix = isUstar ? fieldText(block.subarray(345, 500)) : "";
  return {
    name: prefix === "" ? short : `${prefix}/${short}`,
    size: readNumber(block.subarray(124, 136), path, offset + 124),
    type: String.fromCharCode(block[156] || 0x30),
  };
}

/** Octal digits, or GNU's base 256 where the highest bit is set. */
function readNumber(field: Uint8Array, path: string, offset: number): number {
  const isBinary = (field[0] & 0x80) !== 0;
  const digits = isBinary ? "" : new TextDecoder().decode(field).replace(/[\0 ]+$/, "").trim();
  const value = isBinary
    ? field.subarray(1).reduce((sum, byte) => sum * 256 + byte, field[0] & 0x7f)
    : /^[0-7]*$/.test(digits)
    ? parseInt(digits || "0", 8)
    : NaN;
  return checkSize(value, path, offset);
}

function checkSize(size: number, path: string, offset: number): number {
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw new DataError(
    "Cannot read the archive: wanted a member's size, got no number; fetch the archive again",
    path,
    offset,
  );
}

function sizeIn(pax: Record<string, string>, path: string, offset: number): { size?: number } {
  if (pax.size === undefined) return {};
  return { size: checkSize(/^\d+$/.test(pax.size) ? Number(pax.size) : NaN, path, offset) };
}

/** Records of pax: `LENGTH KEY=VALUE\n`, the length being of the whole record in bytes. */
function parsePax(content: Uint8Array, path: string, offset: number): Record<string, string> {
  const fields: Record<string, string> = {};
  const decoder = new TextDecoder();
  for (let at = 0; at < content.length && content[at] !== 0;) {
    const space = content.indexOf(0x20, at);
    const length = Number(decoder.decode(content.subarray(at, Math.max(space, at))));
    const record = decoder.decode(content.subarray(space + 1, at + length));
    const equals = record.indexOf("=");
    if (!(length > space - at) || at + length > content.length || equals < 1) {
      throw new DataError(
        "Cannot read the archive: wanted a record `LENGTH KEY=VALUE` in an extended header, got " +
          "something else; fetch the archive again",
        path,
        offset + at,
      );
    }
    fields[record.slice(0, equals)] = record.slice(equals + 1).replace(/\n$/, "");
    at += length;
  }
  return fields;
}

/** The sum of the header's bytes, those of the sum itself as spaces; old tars took signed bytes. */
function checkSum(block: Uint8Array, path: string, offset: number): void {
  const text = fieldText(block.subarray(148, 156)).trim();
  const wanted = /^[0-7]+$/.test(text) ? parseInt(text, 8) : NaN;
  let unsigned = 8 * 0x20;
  let signed = unsigned;
  for (let i = 0; i < BLOCK_BYTES; i++) {
    if (i >= 148 && i < 156) continue;
    unsigned += block[i];
    signed += block[i] << 24 >> 24;
  }
  if (wanted === unsigned || wanted === signed) return;
  throw new DataError(
    `Cannot read the archive: wanted a member's header with the checksum ${unsigned}, got ` +
      `${Number.isNaN(wanted) ? "no number" : wanted}; it is no tar or was damaged, fetch it again`,
    path,
    offset,
  );
}

/** Nothing is unpacked to disk, but ids and samples are told apart by these names. */
function checkName(name: string, path: string, offset: number): string {
  const parts = name.split("/");
  if (name !== "" && !name.startsWith("/") && !parts.includes("..") && !name.includes("\0")) {
    return name.replace(/^(\.\/+)+/, "");
  }
  throw new DataError(
    `Cannot read the archive: wanted members within it, got the name ${JSON.stringify(name)}, ` +
      "which leads out of it; don't trust the archive, or pack it again with relative names",
    path,
    offset,
  );
}

function fieldText(field: Uint8Array): string {
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

function cutShort(path: string, offset: number, where: string): DataError {
  return new DataError(
    `Cannot read the archive: it ends ${where}; it was cut short, fetch it again`,
    path,
    offset,
  );
}
