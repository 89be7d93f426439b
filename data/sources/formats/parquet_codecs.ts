import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";

/** Unpacks a page of so many bytes. */
export type PageDecoder = (input: Uint8Array, bytes: number) => Uint8Array;

/**
 * The codecs of Parquet but LZO. Snappy and LZ4 are decoded here: those of `hyparquet-compressors`
 * never end on some damaged pages.
 *
 * @throws {Error} where a page is corrupt or of another length
 */
export const PAGE_DECODERS: Readonly<Record<string, PageDecoder>> = {
  GZIP: (input, bytes) => gunzipSync(input, { maxOutputLength: Math.max(1, bytes) }),
  BROTLI: (input, bytes) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, bytes) }),
  ZSTD: (input, bytes) => zstdDecompressSync(input, { maxOutputLength: Math.max(1, bytes) }),
  SNAPPY: unpackSnappy,
  LZ4_RAW: (input, bytes) => {
    const output = new BlockOutput(bytes);
    unpackLz4(input, output);
    return output.whole();
  },
  LZ4: (input, bytes) => {
    const blocks = hadoopBlocks(input, bytes);
    const output = new BlockOutput(bytes);
    for (const block of blocks ?? [input]) unpackLz4(block, output);
    return output.whole();
  },
};

/** What literals and copies of earlier bytes make. */
class BlockOutput {
  #bytes: Uint8Array;
  #length = 0;

  constructor(bytes: number) {
    this.#bytes = new Uint8Array(bytes);
  }

  literal(bytes: Uint8Array, wanted: number): void {
    if (bytes.length < wanted || wanted > this.#bytes.length - this.#length) this.#refuse();
    this.#bytes.set(bytes, this.#length);
    this.#length += wanted;
  }

  copy(distance: number, length: number): void {
    const start = this.#length - distance;
    if (distance < 1 || start < 0 || length > this.#bytes.length - this.#length) this.#refuse();
    // What is copied may be written by this very copy.
    for (let i = 0; i < length; i++) this.#bytes[this.#length + i] = this.#bytes[start + i];
    this.#length += length;
  }

  whole(): Uint8Array {
    if (this.#length < this.#bytes.length) this.#refuse();
    return this.#bytes;
  }

  #refuse(): never {
    throw new Error("the compressed data are corrupt");
  }
}

/** Snappy's format without frames (google/snappy, format_description.txt). */
function unpackSnappy(input: Uint8Array, bytes: number): Uint8Array {
  const output = new BlockOutput(bytes);
  let at = 0;
  const number = (length: number) => {
    let value = 0;
    for (let i = 0; i < length; i++) value += (input[at++] ?? 0) * 256 ** i;
    return value;
  };
  while (input[at] > 127) at++; // the length, which the page's header tells too
  at++;
  while (at < input.length) {
    const tag = input[at++];
    const kind = tag & 3;
    const high = tag >> 2;
    if (kind === 0) {
      const length = 1 + (high < 60 ? high : number(high - 59));
      output.literal(input.subarray(at, at + length), length);
      at += length;
    } else if (kind === 1) {
      output.copy((tag >> 5) * 256 + number(1), 4 + (high & 7));
    } else {
      output.copy(number(kind === 2 ? 2 : 4), 1 + high);
    }
  }
  return output.whole();
}

/** An LZ4 block (lz4/lz4, doc/lz4_Block_format.md). */
function unpackLz4(input: Uint8Array, output: BlockOutput): void {
  let at = 0;
  const more = (length: number) => {
    if (length < 15) return length;
    for (let byte = 255; byte === 255;) length += byte = input[at++] ?? 0;
    return length;
  };
  while (at < input.length) {
    const token = input[at++];
    const literals = more(token >> 4);
    output.literal(input.subarray(at, at + literals), literals);
    at += literals;
    if (at >= input.length) return; // the last sequence has no copy
    const distance = input[at] + (input[at + 1] ?? 0) * 256;
    at += 2;
    output.copy(distance, 4 + more(token & 15));
  }
}

/** Blocks behind their lengths, as Hadoop writes them; null where it is one block without. */
function hadoopBlocks(input: Uint8Array, bytes: number): Uint8Array[] | null {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const blocks: Uint8Array[] = [];
  let unpacked = 0;
  for (let at = 0; at < input.length;) {
    if (input.length - at < 8) return null;
    const [wide, packed] = [view.getUint32(at), view.getUint32(at + 4)];
    unpacked += wide;
    at += 8;
    if (packed > input.length - at || unpacked > bytes) return null;
    blocks.push(input.subarray(at, at += packed));
  }
  return unpacked === bytes ? blocks : null;
}
