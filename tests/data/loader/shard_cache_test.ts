import { assert, assertEquals, assertRejects } from "@std/assert";
import { DataError } from "../../../data/errors.ts";
import { openShards, writeMds } from "../../../data/shards/mod.ts";
import { openFolder, sumOf } from "./cache_reader.ts";

const SHARDS = 12;
const ROWS = 10;

/** Runs with a folder that is elsewhere, of 12 shards of 10 rows, and an empty one for the cache. */
async function withRemote(
  work: (remote: string, cache: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const row = (i: number) => ({ tokens: Uint16Array.from({ length: 65 }, (_, t) => i * 65 + t) });
    const rows = Array.from({ length: SHARDS * ROWS }, (_, i) => row(i));
    const options = { context: 64, vocabularySize: 10_000, shardBytes: 1640, level: 0 };
    await ReadableStream.from(rows).pipeTo(writeMds(`${folder}/remote`, options));
    const set = await openShards(`${folder}/remote`);
    assertEquals(set.shards.map((shard) => shard.rows), new Array(SHARDS).fill(ROWS));
    await work(`${folder}/remote`, `${folder}/cache`, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Bytes in a cache, while no process adds or removes a file. */
async function cachedBytes(cache: string): Promise<number> {
  using lock = await Deno.open(`${cache}/lock`, { write: true, create: true });
  await lock.lock(true);
  let total = 0;
  for await (const { name } of Deno.readDir(cache)) {
    // One that is given up on may go.
    const stat = await Deno.stat(`${cache}/${name}`).catch(() => undefined);
    total += stat?.size ?? 0;
  }
  return total;
}

Deno.test("openRemoteShards: fetches a shard when it is read, and not again", () =>
  withRemote(async (remote, cache) => {
    const fetched: string[] = [];
    const onFetch = (name: string) => void fetched.push(name);
    const set = await openFolder(remote, { cache, cacheBytes: 1e6, onFetch });
    const local = await openShards(remote);
    assertEquals([set.rows, set.context, set.sha256], [local.rows, local.context, local.sha256]);
    assertEquals(fetched, []);
    for (const shard of [3, 0, 3, 0]) {
      assertEquals(await sumOf(set, shard), await sumOf(local, shard));
    }
    assertEquals(fetched, ["shard.00003.mds", "shard.00000.mds"]);
    // Another opening, as after a crash, finds them there.
    const again = await openFolder(remote, { cache, cacheBytes: 1e6, onFetch });
    await sumOf(again, 3);
    assertEquals(fetched.length, 2);
  }));

Deno.test("openRemoteShards: within its bytes, the one not used for the longest time goes", () =>
  withRemote(async (remote, cache) => {
    const fetched: string[] = [];
    const { shards: [{ fileBytes }] } = await openShards(remote);
    const set = await openFolder(remote, {
      ...{ cache, cacheBytes: 3 * fileBytes },
      onFetch: (name) => void fetched.push(name),
    });
    for (const shard of [0, 1, 2, 0, 3]) {
      await sumOf(set, shard);
      assert(await cachedBytes(cache) <= 3 * fileBytes);
      await new Promise((done) => setTimeout(done, 5)); // file times are in milliseconds
    }
    fetched.length = 0;
    for (const shard of [0, 2, 3]) await sumOf(set, shard);
    assertEquals(fetched, []);
    await sumOf(set, 1);
    assertEquals(fetched, ["shard.00001.mds"]);
    await assertRejects(
      () => openFolder(remote, { cache, cacheBytes: fileBytes - 1 }),
      RangeError,
      `wanted cacheBytes of at least ${fileBytes}, the largest shard, got ${fileBytes - 1}`,
    );
  }));

Deno.test("openRemoteShards: other files in its folder are not its own", () =>
  withRemote(async (remote, cache) => {
    await Deno.mkdir(cache);
    await Deno.writeFile(`${cache}/mine.txt`, new Uint8Array(5000));
    const { shards: [{ fileBytes }] } = await openShards(remote);
    const set = await openFolder(remote, { cache, cacheBytes: fileBytes });
    for (let shard = 0; shard < 4; shard++) await sumOf(set, shard);
    assertEquals((await Deno.stat(`${cache}/mine.txt`)).size, 5000);
  }));

Deno.test("openRemoteShards: refuses what is not what the index says, and keeps none of it", () =>
  withRemote(async (remote, cache) => {
    const changes: [change: (bytes: Uint8Array) => Uint8Array, says: RegExp][] = [
      [
        (bytes) => bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1),
        /wanted sha256 \w{64}, got \w{64}; .* at far:\/\/away\/shard\.00002\.mds:0$/,
      ],
      [(bytes) => bytes.subarray(1), /wanted (\d+) bytes, got \d+; try again, at .*mds:\d+$/],
      [(bytes) => new Uint8Array([...bytes, 0]), /wanted at most \d+ bytes, got more/],
    ];
    for (const [change, says] of changes) {
      const set = await openFolder(remote, {
        ...{ cache, cacheBytes: 1e6 },
        change: (name, bytes) => name === "index.json" ? bytes : change(bytes),
      });
      const error = await assertRejects(() => set.read(2), DataError);
      assert(says.test(error.message), error.message);
      assertEquals(await cachedBytes(cache), 0);
    }
    const set = await openFolder(remote, { cache, cacheBytes: 1e6 });
    assertEquals((await set.read(2)).rows, ROWS);
  }));

Deno.test("openRemoteShards: what was damaged in the cache is fetched again", () =>
  withRemote(async (remote, cache) => {
    const fetched: string[] = [];
    const onFetch = (name: string) => void fetched.push(name);
    const set = await openFolder(remote, { cache, cacheBytes: 1e6, onFetch });
    const sum = await sumOf(set, 0);
    const [name] = (await Array.fromAsync(Deno.readDir(cache), ({ name }) => name))
      .filter((name) => name.endsWith(".shard"));
    const bytes = await Deno.readFile(`${cache}/${name}`);
    await Deno.writeFile(`${cache}/${name}`, bytes.with(-1 + bytes.length, bytes.at(-1)! ^ 1));
    assertEquals(await sumOf(set, 0), sum);
    await Deno.truncate(`${cache}/${name}`, 7);
    assertEquals(await sumOf(set, 0), sum);
    assertEquals(fetched.length, 3);
    assertEquals(await Deno.readFile(`${cache}/${name}`), bytes);
  }));

Deno.test("openRemoteShards: what a killed process left half done is no hindrance", () =>
  withRemote(async (remote, cache) => {
    const { shards: [{ fileBytes }] } = await openShards(remote);
    const set = await openFolder(remote, { cache, cacheBytes: fileBytes });
    const sum = await sumOf(set, 0);
    const [name] = (await Array.fromAsync(Deno.readDir(cache), ({ name }) => name))
      .filter((name) => name.endsWith(".shard"));
    await Deno.rename(`${cache}/${name}`, `${cache}/${name}.partial`);
    await Deno.truncate(`${cache}/${name}.partial`, 100);
    assert(await sumOf(set, 1) > sum);
    assertEquals(await sumOf(set, 0), sum);
  }));

for (const [shards, fetches] of [[SHARDS, SHARDS], [2, Infinity]]) {
  Deno.test(`openRemoteShards: two processes share a cache of ${shards} shards`, () =>
    withRemote(async (remote, cache, folder) => {
      const rounds = 3;
      const local = await openShards(remote);
      const cacheBytes = shards * local.shards[0].fileBytes;
      let sum = 0;
      for (let shard = 0; shard < SHARDS; shard++) sum += await sumOf(local, shard);
      const log = `${folder}/log`;
      const children = [1, 2].map((seed) =>
        new Deno.Command(Deno.execPath(), {
          args: [
            ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write"],
            new URL("./cache_reader.ts", import.meta.url).href,
            ...[remote, cache, cacheBytes, rounds, seed, log].map(String),
          ],
          stdout: "piped",
        }).spawn()
      );
      let done = false;
      let most = 0;
      const watch = (async () => {
        for (; !done; await new Promise((next) => setTimeout(next, 5))) {
          if (await Deno.stat(cache).catch(() => undefined)) {
            most = Math.max(most, await cachedBytes(cache));
          }
        }
      })();
      const outputs = await Promise.all(children.map((child) => child.output()));
      done = true;
      await watch;
      for (const { code, stdout } of outputs) {
        assertEquals([code, new TextDecoder().decode(stdout)], [0, `${rounds * sum}\n`]);
      }
      const fetched = (await Deno.readTextFile(log)).trimEnd().split("\n").length;
      assert(fetched >= SHARDS && fetched <= fetches, `${fetched} shards fetched`);
      assert(most > 0 && most <= cacheBytes, `${most} of ${cacheBytes} bytes`);
    }));
}
