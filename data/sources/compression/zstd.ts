import { createZstdDecompress } from "node:zlib";
import { DataError } from "../../errors.ts";
import type { ByteReader } from "../byte_reader.ts";
import { type Codec, CODEC_CHUNK_BYTES, cutShort, decode } from "./codec.ts";

const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;
const MAX_BLOCK_BYTES = 1 << 17;

/**
 * The content of one zstd frame (RFC 8878), its checksum verified where it has one; nothing for a
 * skippable frame. The frame's end is found from its block headers, since `node:zlib` reads no
 * further than the first frame and takes a frame that was cut short for a whole one.
 *
 * @throws {DataError} where the frame is corrupt, cut short or needs a dictionary
 */
export async function* readZstdFrame(
  bytes: ByteReader,
  path: string,
): AsyncGenerator<Uint8Array> {
  const start = bytes.offset;
  const head = await bytes.peek(8);
  if (isSkippable(head)) {
    if (head.length < 8) throw cutShort(path, "zstd", start + head.length);
    const size = 8 + uint32(head, 4);
    if (await bytes.skip(size) < size) throw cutShort(path, "zstd", bytes.offset);
    return;
  }
  if (!isZstd(head)) {
    throw new DataError(
      "Cannot unpack zstd: wanted a frame that begins 28 b5 2f fd, got " +
        `${
          [...head.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
        }; ` +
        "cut off what stands behind the data, or fetch the file again",
      path,
      start,
    );
  }
  const frame = readFrameParts(bytes, path);
  const codec = createZstdDecompress({ chunkSize: CODEC_CHUNK_BYTES }) as unknown as Codec;
  yield* decode(codec, {
    next: async () => {
      const { done, value } = await frame.next();
      return done ? null : value;
    },
    unread: () => {},
    offset: () => bytes.offset,
    path,
    format: "zstd",
  });
  // A decoder that stopped before the frame's end has left parts unread.
  for await (const _ of frame);
}

/** Whether zstd data begin here: a frame or a skippable one. */
export function isZstd(head: Uint8Array): boolean {
  return head.length >= 4 && (uint32(head, 0) === 0xfd2fb528 || isSkippable(head));
}

function isSkippable(head: Uint8Array): boolean {
  return head.length >= 4 && (uint32(head, 0) & 0xfffffff0) >>> 0 === 0x184d2a50;
}

/** The bytes of one frame: its header, each block and its checksum. */
async function* readFrameParts(bytes: ByteReader, path: string): AsyncGenerator<Uint8Array> {
  const take = async (count: number) => {
    const taken = await bytes.read(count);
    if (taken.length < count) throw cutShort(path, "zstd", bytes.offset);
    return taken;
  };
  const descriptor = (await bytes.peek(5))[4] ?? 0;
  const singleSegment = (descriptor >> 5 & 1) === 1;
  const sizeField = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6];
  yield await take(5 + (singleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3] + sizeField);
  for (let isLast = false; !isLast;) {
    const offset = bytes.offset;
    const head = await bytes.peek(3);
    if (head.length < 3) throw cutShort(path, "zstd", offset + head.length);
    const block = head[0] | head[1] << 8 | head[2] << 16;
    isLast = (block & 1) === 1;
    const type = block >> 1 & 3;
    const size = type === RLE_BLOCK ? 1 : block >> 3;
    if (type === RESERVED_BLOCK || size > MAX_BLOCK_BYTES) {
      throw new DataError(
        "Cannot unpack zstd: the data are corrupt (no such block); fetch the file again",
        path,
        offset,
      );
    }
    yield await take(3 + size);
  }
  if (descriptor >> 2 & 1) yield await take(4);
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24) >>> 0;
}
