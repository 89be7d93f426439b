import { assert, assertEquals, assertRejects } from "@std/assert";
import { packer, type Row } from "../../../data/packing/mod.ts";
import { MdsWriter, type MdsWriterOptions, writeMds } from "../../../data/shards/mod.ts";
import { DataError } from "../../../data/errors.ts";
import { filesOf, inFolder, numberedRows } from "./folder.ts";
import { readMds } from "./second_reader.ts";

const small: MdsWriterOptions = { context: 3, vocabularySize: 60_000 };

Deno.test("mdsWriter: index.json is as Python's json.dump writes it", () =>
  inFolder(async (folder) => {
    const writer = await MdsWriter.open(folder, small);
    await writer.write({ tokens: Uint16Array.of(1, 2, 3, 4) });
    await writer.finish();
    const text = await Deno.readTextFile(`${folder}/index.json`);
    const digest = async (name: string) =>
      new Uint8Array(
        await crypto.subtle.digest("SHA-256", await Deno.readFile(`${folder}/${name}`)),
      ).toHex();
    const { shards: [{ raw_data: raw, zip_data: zip }] } = JSON.parse(text);
    assertEquals(zip.hashes.sha256, await digest("shard.00000.mds.zstd"));
    assertEquals(
      text,
      '{"shards": [{"column_encodings": ["ndarray:uint16:4"], "column_names": ["tokens"], ' +
        '"column_sizes": [8], "compression": "zstd:3", "format": "mds", "hashes": ["sha256"], ' +
        `"raw_data": {"basename": "shard.00000.mds", "bytes": ${raw.bytes}, ` +
        `"hashes": {"sha256": "${raw.hashes.sha256}"}}, "samples": 1, "size_limit": 67108864, ` +
        '"version": 2, "zip_data": {"basename": "shard.00000.mds.zstd", ' +
        `"bytes": ${zip.bytes}, "hashes": {"sha256": "${zip.hashes.sha256}"}}}], "version": 2}`,
    );
    assertEquals(Object.keys(await filesOf(folder)), ["index.json", "shard.00000.mds.zstd"]);
  }));

Deno.test("mdsWriter: a second reader finds all rows, in shards no larger than asked for", async () => {
  for (const vocabularySize of [1000, 100_000]) {
    for (const level of [0, 3]) {
      await inFolder(async (folder) => {
        const pack = packer({ strategy: "best-fit", context: 20, vocabularySize });
        const rows: Row[] = [];
        for (let i = 0; i < 100; i++) {
          const tokens = Uint32Array.from({ length: (i * 7) % 41 }, (_, j) => (i * j) % 1000);
          rows.push(...pack.add({ tokens }));
        }
        rows.push(...pack.flush());
        const options = { context: 20, vocabularySize, level, shardBytes: 2000 };
        await ReadableStream.from(rows).pipeTo(
          writeMds(folder, { ...options, documentIds: true, weights: true }),
        );
        assertEquals(
          readMds(folder),
          rows.map(({ tokens, documentIds, weights }) => ({
            document_ids: [...documentIds!],
            tokens: [...tokens],
            weights: [...weights!],
          })),
        );
        const { shards } = JSON.parse(await Deno.readTextFile(`${folder}/index.json`));
        assert(shards.length > 3);
        for (const { raw_data: { bytes } } of shards) assert(bytes <= 2000);
        for (const shard of shards.slice(0, -1)) {
          const sample = (shard.raw_data.bytes - shard.samples * 4) / shard.samples;
          assert(shard.raw_data.bytes + sample > 2000 - 300, "shards are full");
        }
      });
    }
  }
});

Deno.test("mdsWriter: goes on from any state to the same bytes, whatever came after it", async () => {
  const rows = numberedRows(40, 3);
  const options = { ...small, shardBytes: 400 };
  await inFolder(async (whole) => {
    await ReadableStream.from(rows).pipeTo(writeMds(whole, options));
    const wanted = await filesOf(whole);
    assert(Object.keys(wanted).length > 3);
    for (const cut of [0, 1, 7, 13, 20, 39, 40]) {
      for (const further of [0, 1, 5, 17, 40]) {
        await inFolder(async (folder) => {
          const first = await MdsWriter.open(folder, options);
          for (const row of rows.slice(0, cut)) {
            await first.write(row);
            if (cut % 2) await first.state();
          }
          const state = JSON.parse(JSON.stringify(await first.state()));
          for (const row of rows.slice(cut, cut + further)) await first.write(row);
          if (further === 5) await first.state();
          const second = await MdsWriter.open(folder, options, state);
          for (const row of rows.slice(cut)) await second.write(row);
          await second.finish();
          assertEquals(await filesOf(folder), wanted);
        });
      }
    }
  });
});

Deno.test("mdsWriter: says what is wrong", () =>
  inFolder(async (folder) => {
    for (
      const [change, message] of [
        [{ context: 0 }, "context must be a whole number from 1 to 268435456, got 0"],
        [{ shardBytes: 2 ** 31 }, "shardBytes must be"],
        [{ level: 23 }, "level must be a whole number from 0 to 22, got 23"],
      ] as [Partial<MdsWriterOptions>, string][]
    ) {
      await assertRejects(
        () => MdsWriter.open(folder, { ...small, ...change }),
        RangeError,
        message,
      );
    }
    const writer = await MdsWriter.open(folder, { ...small, weights: true });
    const tokens = Uint16Array.of(1, 2, 3, 4);
    await assertRejects(
      () => writer.write({ tokens }),
      TypeError,
      "wanted weights as ndarray:uint8:4, 4 bytes, got none",
    );
    await assertRejects(
      () => writer.write({ tokens: Uint32Array.from(tokens), weights: new Uint8Array(4) }),
      TypeError,
      "wanted tokens as ndarray:uint16:4, 8 bytes, got 16 bytes",
    );
    const error = await assertRejects(
      () => MdsWriter.open(folder, small, { shards: [], rows: 5 }),
      DataError,
      "wanted 40 bytes of rows, got 0; remove the folder and begin again",
    );
    assertEquals(error.path, `${folder}/shard.00000.mds.rows`);
  }));

Deno.test("mdsWriter: a shard that cannot be written leaves nothing that looks whole", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/shard.00000.mds.zstd`);
    await Deno.writeTextFile(`${folder}/shard.00000.mds.zstd/file`, "");
    const sink = ReadableStream.from(numberedRows(1, 3)).pipeTo(writeMds(folder, small));
    await assertRejects(() => sink);
    const names = Object.keys(Object.fromEntries(
      await Array.fromAsync(Deno.readDir(folder), ({ name }) => [name, 0]),
    ));
    assertEquals(names.includes("index.json"), false);
  }));
