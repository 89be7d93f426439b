import { createBrotliDecompress } from "node:zlib";
import { DataError } from "../../errors.ts";
import { type ByteReader, readingTransform } from "../byte_reader.ts";
import { type Codec, CODEC_CHUNK_BYTES, cutShort, decode } from "./codec.ts";
import { readGzipMember } from "./gzip.ts";
import { isZstd, readZstdFrame } from "./zstd.ts";

/** How bytes are compressed. */
export type Compression = "none" | "gzip" | "zstd" | "brotli";

/** What went through {@linkcode decompress} so far. */
export interface DecompressReport {
  /** What the first bytes, or the name, say. */
  compression: Compression;
  /** Bytes that came in. */
  bytes: number;
  /** Bytes that went out. */
  expandedBytes: number;
  /** gzip members, zstd frames (skippable ones too) or brotli streams read to their end. */
  frames: number;
}

/** Options of {@linkcode decompress}. */
export interface DecompressOptions {
  /** Brotli has no magic bytes: says that these are. @default whether the path ends in `.br` */
  brotli?: boolean;
  /** The most bytes that may come out: a guard against bombs. @default 1 TiB */
  maxExpandedBytes?: number;
}

/** A transform that unpacks, and counts what it does. */
export interface Decompressor extends ReadableWritablePair<Uint8Array, Uint8Array> {
  /** Counts so far; complete once the stream has ended. */
  readonly report: DecompressReport;
}

/**
 * Unpacks gzip of any number of members, zstd of any number of frames, and brotli; lets through
 * what is none of them. Told apart by their first bytes, brotli by its name.
 *
 * @param path the file's name, for errors
 * @throws {DataError} in the stream, where the data are corrupt, cut short, followed by something
 * else, or expand to more than `maxExpandedBytes`
 * @example
 * ```ts
 * import { decompress, readBytes } from "@quern/quern";
 * let bytes = 0;
 * for await (const chunk of readBytes("README.md").pipeThrough(decompress("README.md"))) {
 *   bytes += chunk.length;
 * }
 * ```
 */
export function decompress(path: string, options: DecompressOptions = {}): Decompressor {
  const { brotli = path.toLowerCase().endsWith(".br"), maxExpandedBytes = 2 ** 40 } = options;
  const report: DecompressReport = { compression: "none", bytes: 0, expandedBytes: 0, frames: 0 };
  const pair = readingTransform(async function* (bytes) {
    const head = await bytes.peek(4);
    if (head.length === 0) return;
    report.compression = brotli ? "brotli" : recognizeCompression(head);
    for await (const chunk of expand(bytes, path, report)) {
      report.bytes = bytes.offset;
      report.expandedBytes += chunk.length;
      if (report.expandedBytes > maxExpandedBytes) {
        throw new DataError(
          `Cannot unpack ${report.compression}: wanted at most ${maxExpandedBytes} bytes, got ` +
            "more; raise maxExpandedBytes if this is no bomb",
          path,
          bytes.offset,
        );
      }
      yield chunk;
    }
    report.bytes = bytes.offset;
  });
  return { ...pair, report };
}

/** How data that begin with these bytes (at least four) are compressed; never brotli. */
export function recognizeCompression(head: Uint8Array): Compression {
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  return isZstd(head) ? "zstd" : "none";
}

async function* expand(
  bytes: ByteReader,
  path: string,
  report: DecompressReport,
): AsyncGenerator<Uint8Array> {
  if (report.compression === "none") {
    for (let chunk; (chunk = await bytes.next()) !== null;) yield chunk;
    return;
  }
  const read = { gzip: readGzipMember, zstd: readZstdFrame, brotli: readBrotli };
  while ((await bytes.peek(1)).length > 0) {
    yield* read[report.compression](bytes, path);
    report.frames++;
  }
}

/**
 * A brotli stream (RFC 7932), which is the whole file. `node:zlib` takes a stream that was cut short
 * for a whole one, so a byte is added at the end: only a whole stream leaves it unread.
 */
async function* readBrotli(bytes: ByteReader, path: string): AsyncGenerator<Uint8Array> {
  let added = false;
  let whole = false;
  yield* decode(createBrotliDecompress({ chunkSize: CODEC_CHUNK_BYTES }) as unknown as Codec, {
    async next() {
      const chunk = added ? null : await bytes.next();
      if (chunk !== null || added) return chunk;
      added = true;
      return new Uint8Array(1);
    },
    unread(rest) {
      whole = true;
      if (!added) bytes.unread(rest);
    },
    offset: () => bytes.offset,
    path,
    format: "brotli",
  });
  if (!whole) throw cutShort(path, "brotli", bytes.offset);
  if ((await bytes.peek(1)).length > 0) {
    throw new DataError(
      "Cannot unpack brotli: wanted the end of the file, got more bytes; cut them off, or fetch " +
        "the file again",
      path,
      bytes.offset,
    );
  }
}
