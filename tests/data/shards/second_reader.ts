/**
 * A reader of MDS written from the page that describes the format, and from nothing else: it shares
 * no line with the reader under test.
 */
import { strictEqual } from "node:assert";
import { createHash } from "node:crypto";
import { zstdDecompressSync } from "node:zlib";

/** Values of a sample by the names of their columns. */
export type Sample = Record<string, number[]>;

const NUMBERS: Record<string, [bytes: number, read: (view: DataView, at: number) => number]> = {
  uint8: [1, (view, at) => view.getUint8(at)],
  uint16: [2, (view, at) => view.getUint16(at, true)],
  uint32: [4, (view, at) => view.getUint32(at, true)],
};

/** All samples of a folder of shards, every hash checked. */
export function readMds(folder: string): Sample[] {
  const { shards, version } = JSON.parse(Deno.readTextFileSync(`${folder}/index.json`));
  strictEqual(version, 2);
  const samples: Sample[] = [];
  for (const shard of shards) {
    strictEqual(shard.format, "mds");
    const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    const check = (bytes: Uint8Array, file: { bytes: number; hashes: { sha256: string } }) => {
      strictEqual(bytes.length, file.bytes);
      strictEqual(sha256(bytes), file.hashes.sha256);
      return bytes;
    };
    const open = (file: { basename: string }) => Deno.readFileSync(`${folder}/${file.basename}`);
    const raw = shard.zip_data === null
      ? check(open(shard.raw_data), shard.raw_data)
      : check(zstdDecompressSync(check(open(shard.zip_data), shard.zip_data)), shard.raw_data);
    samples.push(...readShard(raw, shard));
  }
  return samples;
}

function readShard(
  bytes: Uint8Array,
  shard: { column_names: string[]; column_encodings: string[]; samples: number },
): Sample[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  strictEqual(view.getUint32(0, true), shard.samples);
  return Array.from({ length: shard.samples }, (_, i) => {
    let at = view.getUint32(4 + 4 * i, true);
    const sample: Sample = {};
    shard.column_names.forEach((name, column) => {
      const [, type, length] = shard.column_encodings[column].split(":");
      const [size, read] = NUMBERS[type];
      sample[name] = Array.from({ length: Number(length) }, () => {
        const value = read(view, at);
        at += size;
        return value;
      });
    });
    strictEqual(at, view.getUint32(8 + 4 * i, true));
    return sample;
  });
}
