import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { join } from "@std/path";
import { writeAll } from "../append_file.ts";
import { DataError } from "../errors.ts";
import type { Row } from "../packing/mod.ts";
import { digestsOf, openToRead, readInto, removeIfThere, writeWhole } from "./files.ts";
import {
  mdsCapacity,
  mdsColumns,
  mdsConfig,
  mdsHeadBytes,
  type MdsShard,
  pythonJson,
  writeMdsHead,
} from "./mds_format.ts";

/** Options of `MdsWriter`. */
export interface MdsWriterOptions {
  /** Tokens of a row but one, T. */
  context: number;
  /** Number of different tokens, V: `uint16` up to 65,536, `uint32` above. */
  vocabularySize: number;
  /** Whether rows come with document ids. @default false */
  documentIds?: boolean;
  /** Whether rows come with weights. @default false */
  weights?: boolean;
  /** Largest shard before compression, in bytes, below 2³¹. @default 64 MiB */
  shardBytes?: number;
  /** Zstandard's level from 1 to 22; 0 for shards that are not compressed. @default 3 */
  level?: number;
}

/** How far a writer has come, as plain JSON. */
export interface MdsWriterState {
  /** Shards that are on the disk. */
  shards: MdsShard[];
  /** Rows of the shard begun, which are on the disk too. */
  rows: number;
}

const HASHES = ["sha256"];

/**
 * Writes rows as MDS shards: each is written beside, flushed and renamed, `index.json` last. What
 * was written up to a `state` can be gone on from after any crash, to the same bytes.
 *
 * @example
 * ```ts
 * import { MdsWriter, openShards } from "@quern/quern";
 * const folder = await Deno.makeTempDir();
 * const writer = await MdsWriter.open(folder, { context: 3, vocabularySize: 256 });
 * await writer.write({ tokens: Uint16Array.of(1, 2, 3, 4) });
 * await writer.finish();
 * console.log((await openShards(folder)).rows); // 1
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class MdsWriter {
  #folder: string;
  #columns: ReturnType<typeof mdsColumns>;
  #config: ReturnType<typeof mdsConfig>;
  #configBytes: Uint8Array;
  #level: number;
  #rowBytes: number;
  #capacity: number;
  #shards: MdsShard[];
  #rows = 0;
  /** Rows of the shard begun that its temporary file has. */
  #savedRows = 0;
  /** Room for the head of a full shard, then the rows; made when the first row comes. */
  #buffer?: Uint8Array<ArrayBuffer>;

  private constructor(folder: string, options: MdsWriterOptions, shards: MdsShard[]) {
    const { context, vocabularySize, documentIds = false, weights = false } = options;
    const { shardBytes = 1 << 26, level = 3 } = options;
    assertWhole("context", context, 1, 2 ** 28);
    assertWhole("vocabularySize", vocabularySize, 1, 2 ** 32);
    assertWhole("shardBytes", shardBytes, 1, 2 ** 31 - 1);
    assertWhole("level", level, 0, 22);
    const dtype = vocabularySize <= 1 << 16 ? "uint16" : "uint32";
    this.#folder = folder;
    this.#columns = mdsColumns({ context, dtype, documentIds, weights });
    this.#config = mdsConfig(this.#columns, {
      compression: level === 0 ? null : `zstd:${level}`,
      sizeLimit: shardBytes,
      hashes: HASHES,
    });
    this.#configBytes = new TextEncoder().encode(pythonJson(this.#config));
    this.#level = level;
    this.#rowBytes = this.#columns.reduce((sum, { size }) => sum + size, 0);
    this.#capacity = mdsCapacity(shardBytes, this.#rowBytes, this.#configBytes);
    this.#shards = shards;
  }

  /**
   * Begins a set of shards in a folder, which is made where it is missing, or goes on with one.
   *
   * @param state what `state` returned, the options being the same
   * @throws {RangeError} where an option is out of range
   * @throws {DataError} where rows that the state tells of are missing
   */
  static async open(
    folder: string,
    options: MdsWriterOptions,
    state: MdsWriterState = { shards: [], rows: 0 },
  ): Promise<MdsWriter> {
    const writer = new MdsWriter(folder, options, [...state.shards]);
    await Deno.mkdir(folder, { recursive: true });
    await writer.#restore(state.rows);
    return writer;
  }

  /**
   * Adds a row; returns when it is in memory or its shard is on the disk.
   *
   * @throws {TypeError} where the row has other columns or another length than the set
   */
  async write(row: Row): Promise<void> {
    let at = this.#headroom + this.#rows * this.#rowBytes;
    for (const { name, encoding, size, bytesOf } of this.#columns) {
      const value = bytesOf(row);
      if (value?.byteLength !== size) {
        throw new TypeError(
          `Cannot write a row: wanted ${name} as ${encoding}, ${size} bytes, got ${
            value ? `${value.byteLength} bytes` : "none"
          }; give rows of one kind, and the options of the packer`,
        );
      }
      const bytes = new Uint8Array(value.buffer, value.byteOffset, size);
      this.#memory().set(bytes, at);
      at += size;
    }
    if (++this.#rows === this.#capacity) await this.#closeShard();
  }

  /** Brings all rows to the disk and tells how far the work has come. */
  async state(): Promise<MdsWriterState> {
    if (this.#rows > this.#savedRows) {
      using file = await Deno.open(this.#rowsPath, { write: true, create: true });
      await file.truncate(this.#savedRows * this.#rowBytes);
      await file.seek(0, Deno.SeekMode.End);
      await writeAll(
        file,
        this.#memory().subarray(
          this.#headroom + this.#savedRows * this.#rowBytes,
          this.#headroom + this.#rows * this.#rowBytes,
        ),
      );
      await file.sync();
      this.#savedRows = this.#rows;
    }
    return { shards: [...this.#shards], rows: this.#rows };
  }

  /** Writes the last shard and `index.json`; returns what that lists. */
  async finish(): Promise<MdsShard[]> {
    if (this.#rows > 0) await this.#closeShard();
    const index = pythonJson({ shards: this.#shards, version: 2 });
    await writeWhole(join(this.#folder, "index.json"), new TextEncoder().encode(index));
    return [...this.#shards];
  }

  get #headroom(): number {
    return mdsHeadBytes(this.#capacity, this.#configBytes);
  }

  get #basename(): string {
    return `shard.${`${this.#shards.length}`.padStart(5, "0")}.mds`;
  }

  get #rowsPath(): string {
    return join(this.#folder, `${this.#basename}.rows`);
  }

  #memory(): Uint8Array<ArrayBuffer> {
    return this.#buffer ??= new Uint8Array(this.#headroom + this.#capacity * this.#rowBytes);
  }

  async #closeShard(): Promise<void> {
    const start = this.#headroom - mdsHeadBytes(this.#rows, this.#configBytes);
    const raw = this.#memory().subarray(start, this.#headroom + this.#rows * this.#rowBytes);
    writeMdsHead(raw, this.#rows, this.#rowBytes, this.#configBytes);
    const zip = this.#level > 0
      ? zstdCompressSync(raw, { params: { [constants.ZSTD_c_compressionLevel]: this.#level } })
      : null;
    const describe = (basename: string, bytes: Uint8Array) => ({
      basename,
      bytes: bytes.length,
      hashes: digestsOf(bytes, HASHES),
    });
    const shard = {
      ...this.#config,
      raw_data: describe(this.#basename, raw),
      samples: this.#rows,
      zip_data: zip && describe(`${this.#basename}.zstd`, zip),
    };
    await writeWhole(join(this.#folder, (shard.zip_data ?? shard.raw_data).basename), zip ?? raw);
    await removeIfThere(this.#rowsPath);
    this.#shards.push(shard);
    this.#rows = this.#savedRows = 0;
  }

  /** Brings back the rows of the shard begun, from its temporary file or, closed since, itself. */
  async #restore(rows: number): Promise<void> {
    if (rows === 0) return;
    const bytes = rows * this.#rowBytes;
    const into = this.#memory().subarray(this.#headroom, this.#headroom + bytes);
    const found = await Deno.stat(this.#rowsPath).then(({ size }) => size, () => 0);
    if (found >= bytes) {
      using file = await openToRead(this.#rowsPath);
      await readInto(file, into, this.#rowsPath, 0);
      this.#savedRows = rows;
    } else {
      const path = join(this.#folder, this.#basename + (this.#level > 0 ? ".zstd" : ""));
      const file = await Deno.readFile(path).catch(() => new Uint8Array());
      const raw = this.#level > 0 && file.length > 0 ? zstdDecompressSync(file) : file;
      const start = raw.length < 8
        ? 0
        : new DataView(raw.buffer, raw.byteOffset).getUint32(4, true);
      if (raw.length < start + bytes) {
        throw new DataError(
          `Cannot go on: wanted ${bytes} bytes of rows, got ${found}; remove the folder and begin ` +
            "again",
          this.#rowsPath,
          found,
        );
      }
      into.set(raw.subarray(start, start + bytes));
    }
    this.#rows = rows;
  }
}

/**
 * `MdsWriter` as the end of a pipeline; the set is whole when the stream is closed.
 *
 * @throws {RangeError} in the stream, where an option is out of range
 * @throws {TypeError} in the stream, where a row has other columns or another length than the set
 */
export function writeMds(folder: string, options: MdsWriterOptions): WritableStream<Row> {
  let writer: MdsWriter;
  return new WritableStream<Row>({
    start: async () => {
      writer = await MdsWriter.open(folder, options);
    },
    write: (row) => writer.write(row),
    close: async () => {
      await writer.finish();
    },
  });
}

function assertWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot write shards: ${name} must be a whole number from ${least} to ${most}, got ${value}`,
  );
}
