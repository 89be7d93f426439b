import { assert, assertEquals, assertRejects } from "@std/assert";
import { DataError } from "../../../data/errors.ts";
import { packer, type Row } from "../../../data/packing/mod.ts";
import { BinWriter, openShards } from "../../../data/shards/mod.ts";
import { filesOf, inFolder } from "./folder.ts";

const bytesOf = (...parts: ArrayBufferView[]) =>
  Uint8Array.from(parts.flatMap(({ buffer }) => [...new Uint8Array(buffer)]));

async function tokensOf(path: string, context: number): Promise<number[][]> {
  const set = await openShards(path, { context });
  const rows: number[][] = [];
  for (const i of set.shards.keys()) {
    const shard = await set.read(i);
    for (let row = 0; row < shard.rows; row++) rows.push([...shard.row(row).tokens]);
  }
  assertEquals(rows.length, set.rows);
  return rows;
}

/** A header of llm.c's. */
function header(magic: number, version: number, tokens: number): Int32Array {
  const ints = new Int32Array(256);
  ints.set([magic, version, tokens]);
  return ints;
}

/** Megatron's pair of files of sequences. */
async function writeMegatron(
  path: string,
  code: number,
  sequences: ArrayBufferView[],
  change: (idx: Uint8Array) => void = () => {},
): Promise<void> {
  const { length } = sequences;
  const head = new Uint8Array(34);
  const view = new DataView(head.buffer);
  head.set(new TextEncoder().encode("MMIDIDX"));
  view.setBigUint64(9, 1n, true);
  head[17] = code;
  view.setBigUint64(18, BigInt(length), true);
  view.setBigUint64(26, BigInt(length + 1), true);
  const size = { 1: 1, 4: 4, 8: 2 }[code] ?? 8;
  let at = 0;
  const places = BigInt64Array.from(sequences, ({ byteLength }) => {
    const place = BigInt(at);
    at += byteLength;
    return place;
  });
  const idx = bytesOf(
    head,
    Int32Array.from(sequences, ({ byteLength }) => byteLength / size),
    places,
    BigInt64Array.from({ length: length + 1 }, (_, i) => BigInt(i)),
  );
  change(idx);
  await Deno.writeFile(`${path}.idx`, idx);
  await Deno.writeFile(`${path}.bin`, bytesOf(...sequences));
}

Deno.test("tokenFile: nanoGPT's, both of llm.c's and Megatron's give the same rows", () =>
  inFolder(async (folder) => {
    const ids = [5, 1000, 7, 8, 9, 65_535, 11, 12];
    const rows = [[5, 1000, 7, 8], [8, 9, 65_535, 11]];
    await Deno.writeFile(`${folder}/nano.bin`, bytesOf(Uint16Array.from(ids)));
    await Deno.writeFile(
      `${folder}/gpt2.bin`,
      bytesOf(header(20240520, 1, 8), Uint16Array.from(ids)),
    );
    await Deno.writeFile(
      `${folder}/llama.bin`,
      bytesOf(header(20240801, 7, 8), Uint32Array.from(ids)),
    );
    await writeMegatron(`${folder}/mega16`, 8, [
      Uint16Array.from(ids.slice(0, 3)),
      Uint16Array.from(ids.slice(3)),
    ]);
    await writeMegatron(`${folder}/mega32`, 4, [Int32Array.from(ids)]);
    await writeMegatron(`${folder}/mega8`, 1, [Uint8Array.of(1, 2, 3, 4)]);
    for (
      const name of ["nano.bin", "gpt2.bin", "llama.bin", "mega16.idx", "mega16.bin", "mega32.bin"]
    ) {
      assertEquals(await tokensOf(`${folder}/${name}`, 3), rows, name);
    }
    assertEquals(await tokensOf(`${folder}/mega8.idx`, 3), [[1, 2, 3, 4]]);
    assertEquals((await openShards(`${folder}/gpt2.bin`, { context: 3 })).dtype, "uint16");
    assertEquals((await openShards(`${folder}/llama.bin`, { context: 3 })).dtype, "uint32");
  }));

Deno.test("tokenFile: a folder of files is one set; no row goes over a border", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/b.bin`, bytesOf(Uint16Array.of(5, 6, 7, 8)));
    await Deno.writeFile(
      `${folder}/a.bin`,
      bytesOf(header(20240801, 7, 3), Uint32Array.of(70_000, 2, 3)),
    );
    assertEquals(await tokensOf(folder, 1), [[70_000, 2], [2, 3], [5, 6], [6, 7], [7, 8]]);
    const { shards, dtype } = await openShards(folder, { context: 1 });
    assertEquals([shards.map(({ rows }) => rows), dtype], [[2, 3], "uint32"]);
  }));

Deno.test("tokenFile: a large file is read in blocks", () =>
  inFolder(async (folder) => {
    const tokens = new Uint16Array(10_000_000).map((_, i) => i);
    await Deno.writeFile(`${folder}/large.bin`, new Uint8Array(tokens.buffer));
    const set = await openShards(`${folder}/large.bin`, { context: 1000 });
    assertEquals([set.rows, set.shards.length], [9999, 2]);
    const shard = await set.read(1);
    const row = 9998 - set.shards[0].rows;
    assertEquals(shard.row(row).tokens, tokens.slice(9_998_000, 9_999_001));
  }));

Deno.test("binWriter: the tokens of concat, each once; 32 bits where the vocabulary is large", () =>
  inFolder(async (folder) => {
    for (const vocabularySize of [65_536, 65_537]) {
      const ids = Array.from({ length: 103 }, (_, i) => i * 600);
      const pack = packer({ strategy: "concat", context: 4, vocabularySize });
      const rows = pack.add({ tokens: Uint32Array.from(ids) });
      const path = `${folder}/${vocabularySize}.bin`;
      using writer = await BinWriter.open(path, { vocabularySize });
      for (const row of rows) await writer.write(row);
      await writer.finish();
      assertEquals(await tokensOf(path, 4), rows.map(({ tokens }) => [...tokens]));
      const bytes = await Deno.readFile(path);
      const kept = ids.slice(0, 101);
      assertEquals(
        bytes,
        vocabularySize === 65_536
          ? bytesOf(Uint16Array.from(kept))
          : bytesOf(header(20240801, 7, 101), Uint32Array.from(kept)),
      );
    }
  }));

Deno.test("binWriter: goes on from any state to the same bytes", async () => {
  for (const vocabularySize of [1000, 100_000]) {
    const pack = packer({ strategy: "concat", context: 4, vocabularySize });
    const rows: Row[] = pack.add({ tokens: Uint32Array.from({ length: 81 }, (_, i) => i) });
    const write = async (folder: string, cut: number, further: number) => {
      const first = await BinWriter.open(`${folder}/a.bin`, { vocabularySize });
      for (const row of rows.slice(0, cut)) await first.write(row);
      const state = await first.state();
      for (const row of rows.slice(cut, cut + further)) await first.write(row);
      if (further === 20) await first.finish();
      first[Symbol.dispose]();
      using second = await BinWriter.open(`${folder}/a.bin`, { vocabularySize }, state);
      for (const row of rows.slice(cut)) await second.write(row);
      await second.finish();
    };
    await inFolder(async (whole) => {
      await write(whole, 0, 0);
      const wanted = await filesOf(whole);
      assertEquals(Object.keys(wanted), ["a.bin", "a.bin.json"]);
      for (const [cut, further] of [[3, 0], [3, 9], [12, 20], [20, 20], [0, 20]]) {
        await inFolder(async (folder) => {
          await write(folder, cut, further);
          assertEquals(await filesOf(folder), wanted);
        });
      }
    });
  }
});

Deno.test("binWriter: rows that the format cannot hold; tokens that are gone", () =>
  inFolder(async (folder) => {
    using writer = await BinWriter.open(`${folder}/a.bin`, { vocabularySize: 9 });
    const row = { tokens: new Uint16Array(2), weights: new Uint8Array(2) };
    await assertRejects(() => writer.write(row), TypeError, "wanted rows of concat, got rows with");
    await assertRejects(
      () => BinWriter.open(`${folder}/b.bin`, { vocabularySize: 9 }, { tokens: 5 }),
      DataError,
      "wanted 10 bytes, got 0; remove the folder and begin again",
    );
  }));

Deno.test("tokenFile: what was damaged since it was written is an error that says where", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.bin`;
    const context = 1023;
    using writer = await BinWriter.open(path, { vocabularySize: 60_000 });
    const tokens = new Uint16Array(5 * 1024 * 1024);
    const pack = packer({ strategy: "concat", context, vocabularySize: 60_000 });
    for (const row of pack.add({ tokens })) await writer.write(row);
    await writer.finish();
    using file = await Deno.open(path, { write: true });
    await file.seek(9_000_001, Deno.SeekMode.Start);
    await file.write(Uint8Array.of(1));
    const error = await assertRejects(async () => {
      await (await openShards(path, { context })).read(0);
    }, DataError);
    assert(/wanted sha256 [0-9a-f]{64} of \d+ bytes, got [0-9a-f]{64}/.test(error.message));
    assertEquals([error.path, error.byteOffset], [path, 2 * (1 << 22)]);
    await file.truncate(9_000_000);
    await assertRejects(
      () => openShards(path, { context }),
      DataError,
      "wanted the hashes of a file of 9000000 bytes, got those of",
    );
  }));

Deno.test("tokenFile: files that are not what they say", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.bin`;
    const cases: [Uint8Array, string, number][] = [
      [bytesOf(Uint8Array.of(1, 2, 3)), "wanted whole tokens of 2 bytes, got 3 bytes", 2],
      [bytesOf(header(20240520, 2, 0)), "wanted version 1 of llm.c's format, got 2", 4],
      [
        bytesOf(header(20240520, 1, 5), Uint16Array.of(1, 2)),
        "wanted 1034 bytes for the header's 5 tokens, got 1028",
        1028,
      ],
      [bytesOf(Uint16Array.of(1, 2)), "wanted 3 tokens, got 2; give more text", 0],
    ];
    for (const [bytes, message, offset] of cases) {
      await Deno.writeFile(path, bytes);
      const error = await assertRejects(() => openShards(path, { context: 2 }), DataError, message);
      assertEquals([error.path, error.byteOffset], [path, offset]);
    }
    await assertRejects(() => openShards(path), RangeError, "it holds tokens and no rows");

    const mega = `${folder}/m`;
    const ids = [Uint16Array.of(1, 2, 3), Uint16Array.of(4, 5)];
    const indexCases: [number, (idx: Uint8Array) => void, string, number][] = [
      [8, (idx) => void (idx[0] = 0), 'wanted MMIDIDX, got "\\u0000MIDIDX', 0],
      [8, (idx) => void (idx[9] = 2), "wanted version 1, got 2", 9],
      [6, () => {}, "wanted ids of uint8, uint16 or int32 (1, 8 or 4), got 6", 17],
      [8, (idx) => void idx[18]++, "wanted 94 bytes, got 82", 82],
      [8, (idx) => void (idx[34] = 2), "wanted sequence 1 at 4, got 6", 50],
      [8, (idx) => void (idx[38] = 3), "wanted 12 bytes of tokens, got 10", 10],
    ];
    for (const [code, change, message, offset] of indexCases) {
      await writeMegatron(mega, code, ids, change);
      const error = await assertRejects(
        () => openShards(`${mega}.idx`, { context: 1 }),
        DataError,
        message,
      );
      assertEquals(error.byteOffset, offset, message);
    }
    await writeMegatron(mega, 4, [Int32Array.of(1, -2)]);
    const set = await openShards(`${mega}.idx`, { context: 1 });
    const error = await assertRejects(
      () => set.read(0),
      DataError,
      "wanted ids of at least 0, got -2",
    );
    assertEquals(error.byteOffset, 4);
  }));
