import { constants, createZstdCompress } from "node:zlib";

/** Options of `compressZstd`. */
export interface CompressZstdOptions {
  /** From 1 to 22. */
  level: number;
  /** Bytes that will come in. They stand in the frame, since some readers make room by them. */
  bytes: number;
}

/** One zstd frame of chunks, each of which may be overwritten once the next is asked for. */
export async function* compressZstd(
  chunks: AsyncIterable<Uint8Array>,
  { level, bytes }: CompressZstdOptions,
): AsyncGenerator<Uint8Array> {
  const packed: Uint8Array[] = [];
  // Node's types do not know the size, so it must not be an object's own literal.
  const options = {
    pledgedSrcSize: bytes,
    params: { [constants.ZSTD_c_compressionLevel]: level },
  };
  const codec = createZstdCompress(options);
  codec.on("data", (chunk: Uint8Array) => packed.push(chunk));
  try {
    for await (const chunk of chunks) {
      await new Promise<void>((resolve, reject) =>
        codec.write(chunk, (error) => error ? reject(error) : resolve())
      );
      yield* packed.splice(0);
    }
    const ended = new Promise<void>((resolve, reject) => {
      codec.once("end", resolve).once("error", reject);
    });
    codec.end();
    await ended;
    yield* packed.splice(0);
  } finally {
    codec.destroy();
  }
}
