import { assert, assertEquals, assertRejects } from "@std/assert";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { DataError } from "../../../data/errors.ts";
import { packer, type Row } from "../../../data/packing/mod.ts";
import { MdsWriter, openShards, type ShardSet, writeMds } from "../../../data/shards/mod.ts";
import { inFolder, numberedRows } from "./folder.ts";

async function rowsOf(set: ShardSet): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [i, { rows: count }] of set.shards.entries()) {
    const shard = await set.read(i);
    assertEquals(shard.rows, count);
    for (let row = 0; row < count; row++) rows.push(shard.row(row));
  }
  assertEquals(rows.length, set.rows);
  return rows;
}

async function edit(path: string, change: (bytes: Uint8Array) => Uint8Array | void): Promise<void> {
  const bytes = await Deno.readFile(path);
  await Deno.writeFile(path, change(bytes) ?? bytes);
}

/** Three shards of 20 rows in all, changed, then read: the error. */
async function errorAfter(
  change: (folder: string) => Promise<void>,
  level = 3,
): Promise<DataError> {
  const errors: DataError[] = [];
  await inFolder(async (folder) => {
    const sink = writeMds(folder, { context: 7, vocabularySize: 60_000, shardBytes: 400, level });
    await ReadableStream.from(numberedRows(20, 7)).pipeTo(sink);
    await change(folder);
    const read = async () => await rowsOf(await openShards(folder));
    const error = await assertRejects(read, DataError);
    assert(error.path.startsWith(folder), error.path);
    errors.push(error);
  });
  return errors[0];
}

Deno.test("openShards: every row comes back, with every column, from any compression", async () => {
  for (const columns of [{}, { documentIds: true }, { documentIds: true, weights: true }]) {
    const pack = packer({ strategy: "concat", context: 12, vocabularySize: 500, ...columns });
    const rows = Array.from(
      { length: 50 },
      (_, i) => pack.add({ tokens: Uint16Array.from({ length: i }, (_, j) => (i * j) % 500) }),
    ).flat();
    for (const level of [0, 1, 19]) {
      await inFolder(async (folder) => {
        const options = { context: 12, vocabularySize: 500, level, shardBytes: 700, ...columns };
        await ReadableStream.from(rows).pipeTo(writeMds(folder, options));
        const set = await openShards(folder);
        assertEquals(await rowsOf(set), rows);
        assertEquals([set.context, set.dtype], [12, "uint16"]);
        assertEquals((await openShards(`${folder}/index.json`)).sha256, set.sha256);
      });
    }
  }
});

Deno.test("openShards: reads what others compress, and columns that are not ours", () =>
  inFolder(async (folder) => {
    const text = (value: string) => [value.length, 0, 0, 0, ...new TextEncoder().encode(value)];
    // Columns: size of `text` first, which varies; then text, tokens.
    const samples = ["one", "number two"].map((value, i) => [
      ...text(value),
      ...new Uint8Array(Uint16Array.of(i, i + 1, i + 2).buffer),
    ]);
    const offsets = Uint32Array.of(2, 16, 16 + samples[0].length, 16 + samples.flat().length);
    const raw = Uint8Array.of(...new Uint8Array(offsets.buffer), ...samples.flat());
    for (const [suffix, zip] of [["gz", gzipSync(raw)], ["br", brotliCompressSync(raw)]] as const) {
      await Deno.writeFile(`${folder}/a.mds.${suffix}`, zip);
      const shard = {
        ...{ column_names: ["text", "tokens"], column_sizes: [null, 6] },
        ...{ column_encodings: ["str", "ndarray:uint16:3"], compression: suffix, format: "mds" },
        ...{ hashes: [], samples: 2, size_limit: null, version: 2 },
        raw_data: { basename: "a.mds", bytes: raw.length, hashes: {} },
        zip_data: { basename: `a.mds.${suffix}`, bytes: zip.length, hashes: {} },
      };
      const index = JSON.stringify({ shards: [shard], version: 2 });
      await Deno.writeTextFile(`${folder}/index.json`, index);
      const rows = await rowsOf(await openShards(folder));
      assertEquals(rows, [{ tokens: Uint16Array.of(0, 1, 2) }, {
        tokens: Uint16Array.of(1, 2, 3),
      }]);
    }
  }));

Deno.test("openShards: any byte changed in a shard is an error that names it", async () => {
  for (const level of [0, 3]) {
    const name = level ? "shard.00001.mds.zstd" : "shard.00001.mds";
    for (const at of [0, 5, 40, 100, -1]) {
      const error = await errorAfter(
        (folder) =>
          edit(
            `${folder}/${name}`,
            (bytes) => void (bytes[bytes.length + at - (at < 0 ? 0 : bytes.length)] ^= 1),
          ),
        level,
      );
      assert(error.path.endsWith(name), error.path);
      assert(/wanted sha256 [0-9a-f]{64}, got [0-9a-f]{64}; it is damaged/.test(error.message));
      assertEquals(error.byteOffset, 0);
    }
  }
});

Deno.test("openShards: a shard cut short, too long or missing", async () => {
  const path = (folder: string) => `${folder}/shard.00000.mds`;
  const short = await errorAfter((folder) => Deno.truncate(path(folder), 300), 0);
  assert(/wanted \d+ bytes, got 300; fetch or write it again/.test(short.message), short.message);
  assertEquals(short.byteOffset, 300);
  const long = await errorAfter(
    (folder) => edit(path(folder), (bytes) => Uint8Array.of(...bytes, 0)),
    0,
  );
  assert(/wanted (\d+) bytes, got \d+; fetch or write it again, at .*:\1$/.test(long.message));
  const missing = await errorAfter((folder) => Deno.remove(path(folder)), 0);
  assert(
    missing.message.startsWith("Cannot read the shard: there is no such file; check the path"),
  );
});

Deno.test("openShards: shards without hashes are checked by their lengths and offsets", async () => {
  const withoutHashes =
    (change: (raw: Uint8Array) => Uint8Array | void) => async (folder: string) => {
      await edit(`${folder}/shard.00000.mds`, change);
      const { size } = await Deno.stat(`${folder}/shard.00000.mds`);
      const index = JSON.parse(await Deno.readTextFile(`${folder}/index.json`));
      for (const { raw_data: raw } of index.shards) raw.hashes = {};
      index.shards[0].raw_data.bytes = size;
      await Deno.writeTextFile(`${folder}/index.json`, JSON.stringify(index));
    };
  const cases: [(raw: Uint8Array) => Uint8Array | void, RegExp, number][] = [
    [(raw) => void raw[0]++, /wanted (\d+) samples, got \d+/, 0],
    [(raw) => void (raw[5] += 200), /wanted an offset of at least \d+, got \d+/, 8],
    [(raw) => raw.slice(0, -1), /wanted the last sample to end at \d+, got \d+/, -1],
  ];
  for (const [change, message, offset] of cases) {
    const error = await errorAfter(withoutHashes(change), 0);
    assert(message.test(error.message), error.message);
    if (offset >= 0) assertEquals(error.byteOffset, offset);
  }
});

Deno.test("openShards: a decompressed shard must have its length and its own hash", async () => {
  const change = (field: "bytes" | "hashes", value: (old: never) => unknown) => (folder: string) =>
    edit(`${folder}/index.json`, (bytes) => {
      const index = JSON.parse(new TextDecoder().decode(bytes));
      index.shards[0].raw_data[field] = value(index.shards[0].raw_data[field] as never);
      return new TextEncoder().encode(JSON.stringify(index));
    });
  const longer = await errorAfter(change("bytes", (bytes: number) => bytes + 1));
  assert(/wanted \d+ bytes out of its compression, got \d+/.test(longer.message), longer.message);
  const shorter = await errorAfter(change("bytes", (bytes: number) => bytes - 1));
  assert(/its zstd:3 is damaged; fetch or write it again/.test(shorter.message), shorter.message);
  const other = await errorAfter(change("hashes", () => ({ sha256: "0".repeat(64) })));
  assert(/wanted sha256 0{64}, got/.test(other.message), other.message);
});

Deno.test("openShards: an index that is none, or of rows that cannot be trained on", async () => {
  type Index = { shards: Record<string, unknown>[]; version: number };
  const file = { basename: "x", bytes: 100, hashes: {} };
  const cases: [(index: Index) => unknown, string][] = [
    [() => "{", "Cannot read the index: it is no JSON"],
    [() => null, "wanted shards to be a list"],
    [(index) => ({ ...index, version: 1 }), "wanted version to be 2, got 1"],
    [(index) => ({ ...index, shards: [] }), "wanted shards to be at least one, got []"],
    [(index) => void (index.shards[1].format = "json"), 'shards[1].format to be "mds", got "json"'],
    [
      (index) => void (index.shards[1].samples = -1),
      "shards[1].samples to be a number of rows, got",
    ],
    [
      (index) => void (index.shards[0].column_encodings = ["ndarray:uint16"]),
      "wanted shards[0].column_encodings to be ndarray:uint16:T+1 or ndarray:uint32:T+1 for tokens",
    ],
    [(index) => void (index.shards[0].column_sizes = [15]), "to be 16 for tokens, got 15"],
    [
      (index) => {
        index.shards[1].column_encodings = ["ndarray:uint16:9"];
        index.shards[1].column_sizes = [18];
      },
      "shards[1].column_encodings to be the same as those of the first shard",
    ],
    [
      (index) => void (index.shards[0].raw_data = { ...file, basename: "../x" }),
      'shards[0].raw_data.basename to be a path within the folder, got "../x"',
    ],
    [
      (index) => void (index.shards[0].raw_data = { ...file, hashes: { xxh3_64: "0" } }),
      'raw_data.hashes to be ones that hashlib has, as sha256, got "xxh3_64"',
    ],
    [
      (index) => void (index.shards[0].compression = "snappy"),
      'shards[0].compression to be zstd, gz or br, got "snappy"',
    ],
  ];
  for (const [change, message] of cases) {
    const error = await errorAfter((folder) =>
      edit(`${folder}/index.json`, (bytes) => {
        const index = JSON.parse(new TextDecoder().decode(bytes));
        const changed = change(index);
        const text = typeof changed === "string" ? changed : JSON.stringify(
          changed === undefined ? index : changed,
        );
        return new TextEncoder().encode(text);
      })
    );
    assert(error.message.includes(message), error.message);
    assert(error.path.endsWith("index.json"));
  }
});

Deno.test("openShards: unfinished work is no set; another context is refused", () =>
  inFolder(async (folder) => {
    const writer = await MdsWriter.open(folder, { context: 3, vocabularySize: 9 });
    await writer.write({ tokens: new Uint16Array(4) });
    await writer.state();
    await assertRejects(() => openShards(folder), DataError, "wanted index.json or *.bin");
    await writer.finish();
    await assertRejects(
      () => openShards(folder, { context: 4 }),
      RangeError,
      "wanted rows of context 4, got shards of context 3",
    );
    await assertRejects(() => openShards(`${folder}/none`), DataError, "there is no such file");
  }));
