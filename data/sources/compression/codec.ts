import type { Transform } from "node:stream";
import { DataError } from "../../errors.ts";

/** A decoder of `node:zlib`. */
export type Codec = Transform & { readonly bytesWritten: number };

/** Output bytes that a decoder hands over at once. */
export const CODEC_CHUNK_BYTES = 1 << 17;

/** Where the input of a decoder comes from and what to call it in errors. */
export interface CodecInput {
  /** The next bytes, or null at the end. */
  next(): Promise<Uint8Array | null>;
  /** Takes back what the decoder has not used: bytes after the end of its data. */
  unread(bytes: Uint8Array): void;
  /** Offset in the file of the byte after those that `next` gave. */
  offset(): number;
  path: string;
  /** `gzip`, `zstd` or `brotli`. */
  format: string;
}

/**
 * Runs a decoder over the input until the decoder or the input ends.
 *
 * @throws {DataError} where the data are corrupt or cut short, with the offset up to which they had
 * been read: a decoder does not tell where among the last of them the trouble is
 */
export async function* decode(codec: Codec, input: CodecInput): AsyncGenerator<Uint8Array> {
  let fed = 0;
  let last: Uint8Array = new Uint8Array(0);
  let ended = false;
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  codec.once("close", close).once("end", close).once("error", close);

  async function feed(): Promise<void> {
    for (;;) {
      const chunk = await input.next();
      if (ended) {
        if (chunk !== null) input.unread(chunk);
        return;
      }
      if (chunk === null) {
        codec.end();
        return;
      }
      last = chunk;
      fed += chunk.length;
      const written = new Promise<void>((resolve) => codec.write(chunk, () => resolve()));
      await Promise.race([written, closed]);
      // A decoder at the end of its data leaves the rest, and may call back or not.
      if (ended || codec.destroyed || codec.bytesWritten < fed) return;
    }
  }

  const feeding = feed();
  let inputError: unknown;
  feeding.catch((error) => {
    inputError = error;
    codec.destroy();
  });
  try {
    for await (const { buffer, byteOffset, length } of codec) {
      yield new Uint8Array(buffer, byteOffset, length);
    }
    ended = true;
    await feeding;
    if (fed > codec.bytesWritten) {
      input.unread(last.subarray(last.length - (fed - codec.bytesWritten)));
    }
  } catch (cause) {
    throw inputError ?? corrupt(input, cause as Error & { code?: string });
  } finally {
    ended = true;
    codec.destroy();
    close();
  }
}

function corrupt(
  { path, format, offset }: CodecInput,
  cause: Error & { code?: string },
): DataError {
  return cause.code === "Z_BUF_ERROR" || /unexpected end/i.test(cause.message)
    ? cutShort(path, format, offset(), cause)
    : new DataError(
      `Cannot unpack ${format}: the data are corrupt (${cause.message}); fetch the file again`,
      path,
      offset(),
      { cause },
    );
}

/** The error of a compressed file that ends where it must go on. */
export function cutShort(
  path: string,
  format: string,
  offset: number,
  cause?: Error,
): DataError {
  return new DataError(
    `Cannot unpack ${format}: the file ends in the middle of its data; it was cut short, ` +
      "fetch it again",
    path,
    offset,
    { cause },
  );
}
