import { createHash } from "node:crypto";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { join } from "@std/path";
import { DataError } from "../errors.ts";
import type { Row } from "../packing/mod.ts";
import { assertDigests, digestsOf, readWhole } from "./files.ts";
import type { MdsLayout, MdsShard } from "./mds_format.ts";
import { parseMdsIndex } from "./mds_index.ts";
import type { Shard, ShardSet } from "./shard_set.ts";

/** Where the files of a set are. */
export interface ShardFiles {
  /** The folder, as the user named it. */
  readonly path: string;
  /**
   * Reads a file whole.
   *
   * @param name its path from the folder
   * @param bytes how long it must be
   * @param hashes digests that it must have, by algorithm
   * @throws {DataError} where it is missing, or of another length or other digests
   */
  read(
    name: string,
    bytes: number,
    hashes: Record<string, string>,
  ): Promise<Uint8Array<ArrayBuffer>>;
}

/** The files of a folder on this machine. */
export function localFiles(folder: string): ShardFiles {
  return {
    path: folder,
    async read(name, bytes, hashes) {
      const path = join(folder, name);
      const { content, digests } = await readWhole(path, bytes, Object.keys(hashes));
      assertDigests(hashes, digests, path);
      return content;
    },
  };
}

/**
 * The set that an `index.json` lists.
 *
 * @param index the bytes of `index.json`
 * @throws {DataError} where it is no index, or one of rows that cannot be trained on
 */
export function mdsSet(index: Uint8Array, files: ShardFiles): ShardSet {
  const { shards, layout } = parseMdsIndex(index, join(files.path, "index.json"));
  return {
    path: files.path,
    rows: shards.reduce((sum, { samples }) => sum + samples, 0),
    ...layout,
    shards: shards.map(({ samples, raw_data, zip_data }) => ({
      rows: samples,
      bytes: raw_data.bytes,
      fileBytes: (zip_data ?? raw_data).bytes,
    })),
    sha256: createHash("sha256").update(index).digest("hex"),
    async read(shard) {
      const entry = shards[shard];
      const path = join(files.path, (entry.zip_data ?? entry.raw_data).basename);
      return new LoadedMds(await readRaw(entry, files, path), entry, layout, path);
    },
  };
}

/** Bytes of the shard before compression; every hash there is is checked. */
async function readRaw(
  { raw_data: raw, zip_data: zip, compression }: MdsShard,
  files: ShardFiles,
  path: string,
): Promise<Uint8Array> {
  const { basename, bytes, hashes } = zip ?? raw;
  const content = await files.read(basename, bytes, hashes);
  if (!zip) return content;
  let expanded: Uint8Array;
  try {
    expanded = decompress(content, compression!, raw.bytes);
  } catch (cause) {
    throw new DataError(
      `Cannot read the shard: its ${compression} is damaged; fetch or write it again`,
      path,
      0,
      { cause },
    );
  }
  if (expanded.length !== raw.bytes) {
    throw new DataError(
      `Cannot read the shard: wanted ${raw.bytes} bytes out of its compression, got ` +
        `${expanded.length}; fetch or write it again`,
      path,
    );
  }
  assertDigests(raw.hashes, digestsOf(expanded, Object.keys(raw.hashes)), path);
  return expanded;
}

function decompress(content: Uint8Array, compression: string, bytes: number): Uint8Array {
  // One chunk of the size that must come out: nothing is copied, and a bomb ends there.
  const options = { chunkSize: Math.min(Math.max(64, bytes), 1 << 26), maxOutputLength: bytes };
  if (compression.startsWith("zstd")) return zstdDecompressSync(content, options);
  if (compression.startsWith("gz")) return gunzipSync(content, options);
  return brotliDecompressSync(content, options);
}

/** A shard in memory; rows are cut out when they are asked for. */
class LoadedMds implements Shard {
  readonly rows: number;
  #bytes: Uint8Array;
  #view: DataView;
  #entry: MdsShard;
  #layout: MdsLayout;

  constructor(bytes: Uint8Array, entry: MdsShard, layout: MdsLayout, path: string) {
    this.rows = entry.samples;
    // A plain array, not a node:buffer: that one's slice is no copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#entry = entry;
    this.#layout = layout;
    this.#assertOffsets(path);
  }

  row(index: number): Row {
    const { dtype, documentIds, weights } = this.#layout;
    const tokens = this.#column(index, "tokens");
    return {
      tokens: dtype === "uint16" ? words(Uint16Array, tokens) : words(Uint32Array, tokens),
      ...(documentIds && { documentIds: words(Uint16Array, this.#column(index, "document_ids")) }),
      ...(weights && { weights: this.#column(index, "weights") }),
    };
  }

  /** One value of a sample. */
  #column(sample: number, name: string): Uint8Array {
    const { column_names: names, column_sizes: sizes } = this.#entry;
    let head = this.#offset(sample);
    let at = head + 4 * sizes.filter((size) => !size).length;
    for (let i = 0;; i++) {
      const size = sizes[i] || this.#view.getUint32(head, true);
      if (!sizes[i]) head += 4;
      if (names[i] === name) return this.#bytes.subarray(at, at + size);
      at += size;
    }
  }

  #offset(sample: number): number {
    return this.#view.getUint32(4 + 4 * sample, true);
  }

  /** Checks what the offsets say, which matters where the shard has no hash. */
  #assertOffsets(path: string): void {
    const bytes = this.#bytes.length;
    const fixed = this.#entry.column_sizes.reduce<number>((sum, size) => sum + (size || 4), 0);
    const refuse = (wanted: string, got: number, at: number): never => {
      throw new DataError(
        `Cannot read the shard: wanted ${wanted}, got ${got}; fetch or write it again`,
        path,
        at,
      );
    };
    const count = bytes < 4 ? 0 : this.#view.getUint32(0, true);
    if (count !== this.rows) refuse(`${this.rows} samples`, count, 0);
    const head = 4 + 4 * (count + 1);
    if (bytes < head) refuse(`${head} bytes of offsets`, bytes, bytes);
    let previous = head - fixed;
    for (let i = 0; i <= count; i++) {
      const offset = this.#offset(i);
      if (offset < previous + fixed) {
        refuse(`an offset of at least ${previous + fixed}`, offset, 4 + 4 * i);
      }
      previous = offset;
    }
    if (previous !== bytes) refuse(`the last sample to end at ${bytes}`, previous, 4 + 4 * count);
  }
}

/** The bytes as numbers: a view of them where they are aligned, else a copy. */
function words<Numbers>(
  Type: { new (buffer: ArrayBufferLike, offset?: number, length?: number): Numbers } & {
    BYTES_PER_ELEMENT: number;
  },
  bytes: Uint8Array,
): Numbers {
  const { BYTES_PER_ELEMENT: size } = Type;
  if (bytes.byteOffset % size > 0) return new Type(bytes.slice().buffer);
  return new Type(bytes.buffer, bytes.byteOffset, bytes.length / size);
}
