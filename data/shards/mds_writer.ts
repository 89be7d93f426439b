import { zstdDecompressSync } from "node:zlib";
import { join } from "@std/path";
import { AppendFile } from "../append_file.ts";
import { DataError } from "../errors.ts";
import type { Row } from "../packing/mod.ts";
import { Digest, readChunks, removeIfThere, writeWhole } from "./files.ts";
import {
  mdsCapacity,
  mdsColumns,
  mdsConfig,
  mdsHeadBytes,
  type MdsShard,
  pythonJson,
  writeMdsHead,
} from "./mds_format.ts";
import { compressZstd } from "./zstd.ts";

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
/** Rows are gathered to about so many bytes before they are written. */
const BUFFER_BYTES = 1 << 20;

/**
 * Writes rows as MDS shards: each is written beside, flushed and renamed, `index.json` last. What
 * was written up to a `state` can be gone on from after any crash, to the same bytes. A shard's rows
 * gather in a file, so memory holds a megabyte of them.
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
  /** Rows of the shard begun. */
  #rows = 0;
  /** Those of them that its file of rows does not have yet. */
  #buffer: Uint8Array<ArrayBuffer>;
  #filled = 0;

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
    this.#buffer = new Uint8Array(this.#rowBytes * Math.ceil(BUFFER_BYTES / this.#rowBytes));
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
    let at = this.#filled;
    for (const { name, encoding, size, bytesOf } of this.#columns) {
      const value = bytesOf(row);
      if (value?.byteLength !== size) {
        throw new TypeError(
          `Cannot write a row: wanted ${name} as ${encoding}, ${size} bytes, got ${
            value ? `${value.byteLength} bytes` : "none"
          }; give rows of one kind, and the options of the packer`,
        );
      }
      this.#buffer.set(new Uint8Array(value.buffer, value.byteOffset, size), at);
      at += size;
    }
    this.#filled = at;
    if (++this.#rows === this.#capacity) await this.#closeShard();
    else if (this.#filled === this.#buffer.length) await this.#flush();
  }

  /** Brings all rows to the disk and tells how far the work has come. */
  async state(): Promise<MdsWriterState> {
    await this.#flush({ sync: true });
    return { shards: [...this.#shards], rows: this.#rows };
  }

  /** Writes the last shard and `index.json`; returns what that lists. */
  async finish(): Promise<MdsShard[]> {
    if (this.#rows > 0) await this.#closeShard();
    const index = pythonJson({ shards: this.#shards, version: 2 });
    await writeWhole(join(this.#folder, "index.json"), [new TextEncoder().encode(index)]);
    return [...this.#shards];
  }

  get #basename(): string {
    return `shard.${`${this.#shards.length}`.padStart(5, "0")}.mds`;
  }

  get #rowsPath(): string {
    return join(this.#folder, `${this.#basename}.rows`);
  }

  async #flush({ sync = false } = {}): Promise<void> {
    if (this.#rows === 0) return;
    using file = await AppendFile.open(this.#rowsPath, this.#rows * this.#rowBytes - this.#filled);
    await file.append(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
    if (sync) await file.sync();
  }

  async #closeShard(): Promise<void> {
    await this.#flush();
    const head = new Uint8Array(mdsHeadBytes(this.#rows, this.#configBytes));
    writeMdsHead(head, this.#rows, this.#rowBytes, this.#configBytes);
    const raw = new Digest(HASHES);
    const rawBytes = head.length + this.#rows * this.#rowBytes;
    const content = raw.pass(withHead(head, readChunks(this.#rowsPath)));
    const isPacked = this.#level > 0;
    const basename = isPacked ? `${this.#basename}.zstd` : this.#basename;
    const zip = new Digest(HASHES);
    await writeWhole(
      join(this.#folder, basename),
      zip.pass(isPacked ? compressZstd(content, { level: this.#level, bytes: rawBytes }) : content),
    );
    await removeIfThere(this.#rowsPath);
    this.#shards.push({
      ...this.#config,
      raw_data: { basename: this.#basename, ...raw.result() },
      samples: this.#rows,
      zip_data: isPacked ? { basename, ...zip.result() } : null,
    });
    this.#rows = 0;
  }

  /** Brings back the rows of the shard begun: in their file or, closed since, in the shard. */
  async #restore(rows: number): Promise<void> {
    this.#rows = rows;
    if (rows === 0) return;
    const bytes = rows * this.#rowBytes;
    const found = await Deno.stat(this.#rowsPath).then(({ size }) => size, () => 0);
    if (found >= bytes) return;
    const path = join(this.#folder, this.#basename + (this.#level > 0 ? ".zstd" : ""));
    const file = await Deno.readFile(path).catch(() => new Uint8Array());
    const raw = this.#level > 0 && file.length > 0 ? zstdDecompressSync(file) : file;
    const start = raw.length < 8 ? 0 : new DataView(raw.buffer, raw.byteOffset).getUint32(4, true);
    if (raw.length < start + bytes) {
      throw new DataError(
        `Cannot go on: wanted ${bytes} bytes of rows, got ${found}; remove the folder and begin ` +
          "again",
        this.#rowsPath,
        found,
      );
    }
    using rowsFile = await AppendFile.open(this.#rowsPath, 0);
    await rowsFile.append(raw.subarray(start, start + bytes));
  }
}

async function* withHead(
  head: Uint8Array,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield head;
  yield* chunks;
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
