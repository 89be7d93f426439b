/**
 * MosaicML's MDS, version 2, as Python's `streaming` reads it. A shard file is, little-endian:
 * u32 n, u32 offsets[n + 1] from the start of the file, a JSON head, then n samples. A sample is
 * its columns in the order of their names: first the u32 size of each that has no fixed one, then
 * their values. `index.json` lists the shards with their sizes and hashes.
 */
import type { Row } from "../packing/mod.ts";

/** Bytes and hashes of a file. */
export interface MdsFile {
  /** Name of the file in the folder. */
  basename: string;
  /** Its size. */
  bytes: number;
  /** Hexadecimal digests by the name of the algorithm. */
  hashes: Record<string, string>;
}

/** A shard as `index.json` describes it. */
export interface MdsShard {
  /** Type of each column. */
  column_encodings: string[];
  /** Names of the columns, ascending. */
  column_names: string[];
  /** Bytes of a value; null where they vary. */
  column_sizes: (number | null)[];
  /** Algorithm and level, as in `zstd:3`. */
  compression: string | null;
  /** Name of the format. */
  format: "mds";
  /** Algorithms of the hashes. */
  hashes: string[];
  /** The file before compression. */
  raw_data: MdsFile;
  /** Number of rows. */
  samples: number;
  /** Largest file before compression, in bytes. */
  size_limit: number;
  /** Version of the format. */
  version: 2;
  /** The file after compression; null where there is none. */
  zip_data: MdsFile | null;
}

/** What the rows of a set hold. */
export interface MdsLayout {
  /** Tokens of a row but one, T. */
  context: number;
  dtype: "uint16" | "uint32";
  documentIds: boolean;
  weights: boolean;
}

/** A column of fixed size. */
interface Column {
  name: string;
  encoding: string;
  /** Bytes of a value. */
  size: number;
  bytesOf(row: Row): ArrayBufferView | undefined;
}

/** The columns of such rows, in the order of their names. */
export function mdsColumns({ context, dtype, documentIds, weights }: MdsLayout): Column[] {
  const T1 = context + 1;
  return [
    ...(documentIds
      ? [{
        name: "document_ids",
        encoding: `ndarray:uint16:${T1}`,
        size: 2 * T1,
        bytesOf: (row: Row) => row.documentIds,
      }]
      : []),
    {
      name: "tokens",
      encoding: `ndarray:${dtype}:${T1}`,
      size: (dtype === "uint16" ? 2 : 4) * T1,
      bytesOf: (row) => row.tokens,
    },
    ...(weights
      ? [{
        name: "weights",
        encoding: `ndarray:uint8:${T1}`,
        size: T1,
        bytesOf: (row: Row) => row.weights,
      }]
      : []),
  ];
}

/** The part of a shard's description that is also the head of its file. */
export function mdsConfig(
  columns: readonly Column[],
  { compression, sizeLimit, hashes }: {
    compression: string | null;
    sizeLimit: number;
    hashes: string[];
  },
): Pick<
  MdsShard,
  | "column_encodings"
  | "column_names"
  | "column_sizes"
  | "compression"
  | "format"
  | "hashes"
  | "size_limit"
  | "version"
> {
  return {
    column_encodings: columns.map(({ encoding }) => encoding),
    column_names: columns.map(({ name }) => name),
    column_sizes: columns.map(({ size }) => size),
    compression,
    format: "mds",
    hashes,
    size_limit: sizeLimit,
    version: 2,
  };
}

/** Bytes before the samples of a shard. */
export function mdsHeadBytes(samples: number, config: Uint8Array): number {
  return 4 + 4 * (samples + 1) + config.length;
}

/** Writes what stands before the samples of a shard of `samples` samples of `sampleBytes` each. */
export function writeMdsHead(
  into: Uint8Array,
  samples: number,
  sampleBytes: number,
  config: Uint8Array,
): void {
  const view = new DataView(into.buffer, into.byteOffset);
  const start = mdsHeadBytes(samples, config);
  view.setUint32(0, samples, true);
  for (let i = 0; i <= samples; i++) view.setUint32(4 + 4 * i, start + i * sampleBytes, true);
  into.set(config, 4 + 4 * (samples + 1));
}

/** Samples of a fixed size that a file of at most `sizeLimit` bytes holds, at least 1. */
export function mdsCapacity(sizeLimit: number, sampleBytes: number, config: Uint8Array): number {
  return Math.max(1, Math.floor((sizeLimit - 8 - config.length) / (sampleBytes + 4)));
}

/** JSON as Python's `json.dumps(value, sort_keys=True)` writes it, for keys and texts in ASCII. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return `{${fields.map(([key, field]) => `"${key}": ${pythonJson(field)}`).join(", ")}}`;
}
