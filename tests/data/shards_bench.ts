/**
 * Speed of reading shards, in MB of tokens a second on one core: raw, zstd and llm.c's file, every
 * hash checked and every row cut out; beside it the copy of as many bytes in memory.
 */
import { assertEquals } from "@std/assert";
import { packer } from "../../data/packing/mod.ts";
import { BinWriter, MdsWriter, openShards, type ShardSet } from "../../data/shards/mod.ts";

const TOKENS = 1 << 26;
const CONTEXT = 2048;
const RUNS = 3;

/** Tokens as of text: Zipf's law over phrases that come again. */
function makeTokens(): Uint16Array {
  let state = 1;
  const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const zipf = (most: number) => Math.floor(most ** random()) - 1;
  const phrases = Array.from(
    { length: 20_000 },
    () => Array.from({ length: 1 + Math.floor(random() * 5) }, () => zipf(50_000)),
  );
  const tokens = new Uint16Array(TOKENS);
  for (let i = 0; i < TOKENS;) for (const id of phrases[zipf(20_000)]) tokens[i++] = id;
  return tokens;
}

async function readAll(set: ShardSet, visit: (tokens: ArrayLike<number>) => void): Promise<void> {
  for (let i = 0; i < set.shards.length; i++) {
    const shard = await set.read(i);
    for (let row = 0; row < shard.rows; row++) visit(shard.row(row).tokens);
  }
}

async function best(run: () => unknown): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now();
    await run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

const folder = await Deno.makeTempDir();
try {
  const tokens = makeTokens();
  const options = { context: CONTEXT, vocabularySize: 50_257 };
  const rows = packer({ ...options, strategy: "concat" }).add({ tokens });
  const raw = await MdsWriter.open(`${folder}/raw`, { ...options, level: 0 });
  const zstd = await MdsWriter.open(`${folder}/zstd`, options);
  using bin = await BinWriter.open(`${folder}/tokens.bin`, options);
  for (const writer of [raw, zstd, bin]) {
    for (const row of rows) await writer.write(row);
    await writer.finish();
  }

  const megabytes = rows.length * (CONTEXT + 1) * 2 / 1e6;
  console.log(`${megabytes.toFixed(0)} MB of tokens in rows of ${CONTEXT + 1}, best of ${RUNS}\n`);
  const copyMs = await best(() => rows.map(({ tokens }) => tokens.slice()));
  console.log("what               MB/s   of a copy   wanted");
  const speeds: Record<string, number> = {};
  const report = (name: string, ms: number, wanted = "") => {
    speeds[name] = Math.round(megabytes / ms * 1000);
    console.log(
      name.padEnd(14) + (megabytes / ms * 1000).toFixed(0).padStart(9) +
        `${(copyMs / ms * 100).toFixed(0)}%`.padStart(12) + wanted.padStart(9),
    );
  };
  report("copy of rows", copyMs);
  for (
    const [name, path, wanted] of [
      ["MDS, raw", "raw", "500"],
      ["MDS, zstd:3", "zstd", "200"],
      [".bin", "tokens.bin", "500"],
    ]
  ) {
    const set = await openShards(`${folder}/${path}`, { context: CONTEXT });
    let row = 0;
    await readAll(set, (tokens) => assertEquals(tokens, rows[row++].tokens));
    assertEquals(row, rows.length);
    report(name, await best(() => readAll(set, () => {})), wanted);
  }
  let compressed = 0;
  for await (const { name } of Deno.readDir(`${folder}/zstd`)) {
    compressed += (await Deno.stat(`${folder}/zstd/${name}`)).size;
  }
  console.log(`\nzstd:3 leaves ${(compressed / megabytes / 1e4).toFixed(0)}% of the bytes`);
  const wanted = { "MDS, raw": 500, "MDS, zstd:3": 200 };
  console.log(JSON.stringify({ bench: "shards", mbPerSecond: speeds, wanted }));
} finally {
  await Deno.remove(folder, { recursive: true });
}
