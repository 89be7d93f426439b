import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";

/** What a server once answered. */
export interface HttpResponse {
  status: number;
  /** By names in small letters; the last one of each name. */
  headers: Record<string, string>;
  /** As it came. */
  body: Uint8Array;
}

/** The bytes in which the head of an answer ends. */
export const MAX_HTTP_HEAD_BYTES: number = 1 << 16;

/** An HTTP/1 answer taken apart (RFC 9112); null where it is none. */
export function parseHttpResponse(bytes: Uint8Array): HttpResponse | null {
  const end = findHeadEnd(bytes.subarray(0, MAX_HTTP_HEAD_BYTES));
  if (end < 0) return null;
  const [line, ...lines] = new TextDecoder("windows-1252").decode(bytes.subarray(0, end))
    .split(/\r?\n/);
  const status = /^HTTP\/\d(?:\.\d)? (\d{3})(?: |$)/.exec(line)?.[1];
  if (status === undefined) return null;
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) {
      headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
    }
  }
  return { status: Number(status), headers, body: bytes.subarray(end) };
}

/**
 * The body without chunks (RFC 9112, 7.1) and compression; null where it can't be unpacked or
 * becomes longer than `maxBytes`. Crawlers often keep the header of an encoding that they took off,
 * so a body that doesn't have it is taken as it is.
 */
export function decodeBody({ headers, body }: HttpResponse, maxBytes: number): Uint8Array | null {
  const plain = /\bchunked\b/i.test(headers["transfer-encoding"] ?? "") ? joinChunks(body) : body;
  const encoding = headers["content-encoding"]?.toLowerCase() ?? "identity";
  const unpack = UNPACK[encoding.replace(/^x-/, "")];
  if (unpack === undefined || plain.length === 0) return plain;
  const isGzip = plain[0] === 0x1f && plain[1] === 0x8b;
  if (unpack === gunzipSync && !isGzip) return plain;
  try {
    return new Uint8Array(unpack(plain, { maxOutputLength: maxBytes }));
  } catch {
    return null;
  }
}

const UNPACK: Readonly<Record<string, typeof gunzipSync | undefined>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

/** Offset after the blank line; -1 where there is none. */
function findHeadEnd(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) {
    if (bytes[at + 1] === 0x0a) return at + 2;
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return at + 3;
  }
  return -1;
}

/** The content of the chunks; the bytes as they are where they are no whole chunks. */
function joinChunks(bytes: Uint8Array): Uint8Array {
  const joined = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0;;) {
    const end = bytes.indexOf(0x0a, at);
    const line = new TextDecoder().decode(bytes.subarray(at, Math.min(Math.max(end, at), at + 64)));
    const size = /^([0-9a-f]{1,8})\s*(?:;.*)?$/i.exec(line.trimEnd())?.[1];
    if (end < 0 || size === undefined) return bytes;
    const count = parseInt(size, 16);
    if (count === 0) return joined.subarray(0, length);
    if (end + 1 + count > bytes.length) return bytes;
    joined.set(bytes.subarray(end + 1, end + 1 + count), length);
    length += count;
    at = end + 1 + count;
    if (bytes[at] === 0x0d) at++;
    if (bytes[at] !== 0x0a) return bytes;
    at++;
  }
}
