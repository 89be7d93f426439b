import { DataError } from "../errors.ts";
import { isKnownHash } from "./files.ts";
import type { MdsFile, MdsLayout, MdsShard } from "./mds_format.ts";

/**
 * Reads and checks an `index.json`.
 *
 * @param path where it was read, for errors
 * @throws {DataError} where it is no index, or one of rows that cannot be trained on
 */
export function parseMdsIndex(
  bytes: Uint8Array,
  path: string,
): { shards: MdsShard[]; layout: MdsLayout } {
  let index: { shards?: unknown; version?: unknown };
  try {
    index = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DataError("Cannot read the index: it is no JSON; write it again", path, 0, { cause });
  }
  const check = checker(path);
  check(Array.isArray(index?.shards), "shards", "a list", index?.shards);
  const shards = index.shards as MdsShard[];
  check(index.version === 2, "version", "2", index.version);
  check(shards.length > 0, "shards", "at least one", shards);
  shards.forEach((shard, i) => assertShard(shard, `shards[${i}]`, check));
  const layouts = shards.map((shard, i) => layoutOf(shard, `shards[${i}]`, check));
  layouts.forEach((layout, i) =>
    check(
      JSON.stringify(layout) === JSON.stringify(layouts[0]),
      `shards[${i}].column_encodings`,
      "the same as those of the first shard",
      shards[i].column_encodings,
    )
  );
  return { shards, layout: layouts[0] };
}

type Check = (holds: boolean, field: string, wanted: string, found: unknown) => void;

function checker(path: string): Check {
  return (holds, field, wanted, found) => {
    if (holds) return;
    throw new DataError(
      `Cannot read the index: wanted ${field} to be ${wanted}, got ${
        JSON.stringify(found)?.slice(0, 100)
      }`,
      path,
    );
  };
}

function assertShard(shard: MdsShard, at: string, check: Check): void {
  check(typeof shard === "object" && shard !== null, at, "a shard", shard);
  check(shard.format === "mds", `${at}.format`, '"mds"', shard.format);
  check(isCount(shard.samples, 1), `${at}.samples`, "a number of rows", shard.samples);
  const { column_names: names, column_sizes: sizes, column_encodings: encodings } = shard;
  for (const [field, list] of Object.entries({ names, sizes, encodings })) {
    check(
      Array.isArray(list) && list.length === names?.length,
      `${at}.column_${field}`,
      "an entry for each column",
      list,
    );
  }
  check(
    sizes.every((size) => size === null || isCount(size, 0)),
    `${at}.column_sizes`,
    "bytes or null",
    sizes,
  );
  assertFile(shard.raw_data, `${at}.raw_data`, check);
  if (shard.zip_data) {
    assertFile(shard.zip_data, `${at}.zip_data`, check);
    check(
      /^(zstd|gz|br)(:\d+)?$/.test(`${shard.compression}`),
      `${at}.compression`,
      "zstd, gz or br",
      shard.compression,
    );
  }
}

function assertFile(file: MdsFile, at: string, check: Check): void {
  check(typeof file?.basename === "string", `${at}.basename`, "a file name", file);
  const parts = file.basename.split(/[/\\]/);
  check(
    !parts.some((part) => ["", ".", ".."].includes(part) || part.includes(":")),
    `${at}.basename`,
    "a path within the folder",
    file.basename,
  );
  check(isCount(file.bytes, 8) && file.bytes < 2 ** 32, `${at}.bytes`, "from 8 to 2³²", file.bytes);
  for (const [name, digest] of Object.entries(file.hashes ?? {})) {
    check(isKnownHash(name), `${at}.hashes`, "ones that hashlib has, as sha256", name);
    check(typeof digest === "string", `${at}.hashes.${name}`, "a digest", digest);
  }
}

/** What the columns of a shard are to us; others than ours are left unread. */
function layoutOf(shard: MdsShard, at: string, check: Check): MdsLayout {
  const encoding = (name: string) => shard.column_encodings[shard.column_names.indexOf(name)];
  const tokens = /^ndarray:(uint16|uint32):(\d+)$/.exec(encoding("tokens") ?? "");
  check(
    tokens !== null && Number(tokens[2]) >= 2,
    `${at}.column_encodings`,
    "ndarray:uint16:T+1 or ndarray:uint32:T+1 for tokens",
    shard.column_encodings,
  );
  const [, dtype, length] = tokens!;
  const documentIds = encoding("document_ids") === `ndarray:uint16:${length}`;
  const weights = encoding("weights") === `ndarray:uint8:${length}`;
  for (
    const [name, ours, bytes] of [
      ["tokens", true, dtype === "uint16" ? 2 : 4],
      ["document_ids", documentIds, 2],
      ["weights", weights, 1],
    ] as const
  ) {
    const size = shard.column_sizes[shard.column_names.indexOf(name)];
    const wanted = bytes * Number(length);
    if (ours) check(size === wanted, `${at}.column_sizes`, `${wanted} for ${name}`, size);
  }
  return { context: Number(length) - 1, dtype: dtype as MdsLayout["dtype"], documentIds, weights };
}

function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && value as number >= least;
}
