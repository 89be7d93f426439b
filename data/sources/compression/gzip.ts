import { crc32, createInflateRaw } from "node:zlib";
import { DataError } from "../../errors.ts";
import type { ByteReader } from "../byte_reader.ts";
import { type Codec, CODEC_CHUNK_BYTES, cutShort, decode } from "./codec.ts";

const HAS_HEADER_CHECKSUM = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;

/**
 * The content of one gzip member (RFC 1952), its checksum and length verified.
 *
 * @throws {DataError} where the member is corrupt or cut short, or what stands here is no gzip
 */
export async function* readGzipMember(
  bytes: ByteReader,
  path: string,
): AsyncGenerator<Uint8Array> {
  await skipHeader(bytes, path);
  let checksum = 0;
  let length = 0;
  const codec = createInflateRaw({ chunkSize: CODEC_CHUNK_BYTES }) as unknown as Codec;
  const input = {
    next: () => bytes.next(),
    unread: (rest: Uint8Array) => bytes.unread(rest),
    offset: () => bytes.offset,
    path,
    format: "gzip",
  };
  for await (const chunk of decode(codec, input)) {
    checksum = crc32(chunk, checksum);
    length += chunk.length;
    yield chunk;
  }
  const trailerOffset = bytes.offset;
  const trailer = await take(bytes, 8, path);
  const view = new DataView(trailer.buffer, trailer.byteOffset, 8);
  const wanted = view.getUint32(0, true);
  if (wanted !== checksum >>> 0) {
    throw new DataError(
      `Cannot unpack gzip: wanted checksum ${wanted.toString(16)}, got ` +
        `${(checksum >>> 0).toString(16)}; fetch the file again`,
      path,
      trailerOffset,
    );
  }
  if (view.getUint32(4, true) !== length % 2 ** 32) {
    throw new DataError(
      `Cannot unpack gzip: wanted ${view.getUint32(4, true)} bytes (modulo 2^32), got ${length}; ` +
        "fetch the file again",
      path,
      trailerOffset + 4,
    );
  }
}

async function skipHeader(bytes: ByteReader, path: string): Promise<void> {
  const offset = bytes.offset;
  const head = await bytes.read(10);
  const magic = [0x1f, 0x8b, 8];
  if (head.subarray(0, 3).some((byte, i) => byte !== magic[i]) || (head[3] & 0xe0) !== 0) {
    throw new DataError(
      "Cannot unpack gzip: wanted a member that begins 1f 8b 08, got " +
        `${
          [...head.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
        }; ` +
        "cut off what stands behind the data, or fetch the file again",
      path,
      offset,
    );
  }
  if (head.length < 10) throw cutShort(path, "gzip", bytes.offset);
  const flags = head[3];
  if (flags & HAS_EXTRA) {
    const size = await take(bytes, 2, path);
    await take(bytes, size[0] | size[1] << 8, path);
  }
  for (const flag of [HAS_NAME, HAS_COMMENT]) {
    if (flags & flag) { while ((await take(bytes, 1, path))[0] !== 0); }
  }
  if (flags & HAS_HEADER_CHECKSUM) await take(bytes, 2, path);
}

async function take(bytes: ByteReader, count: number, path: string): Promise<Uint8Array> {
  const taken = await bytes.read(count);
  if (taken.length < count) throw cutShort(path, "gzip", bytes.offset);
  return taken;
}
