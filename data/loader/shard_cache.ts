import { createHash } from "node:crypto";
import { join } from "@std/path";
import { DataError } from "../errors.ts";
import { assertDigests, digestsOf, mdsSet, type ShardFiles, type ShardSet } from "../shards/mod.ts";

/** Opens a file of a remote folder, by its path from there. */
export type OpenRemote = (
  name: string,
) => ReadableStream<Uint8Array> | Promise<ReadableStream<Uint8Array>>;

/** Options of `openRemoteShards`. */
export interface RemoteShardsOptions {
  /** Names the folder in errors. */
  path: string;
  /** Opens its files. */
  open: OpenRemote;
  /** Folder of this machine to keep shards in; made where it is missing. */
  cache: string;
  /** Most bytes that shards take there; at least as many as the largest has. */
  cacheBytes: number;
  /** Tokens of a row but one, T, that the shards must have. @default what they say */
  context?: number;
}

/** An index lists at most about 100,000 shards, so that a wrong URL does not fill the memory. */
const MOST_INDEX_BYTES = 1 << 26;
const OURS = /^[0-9a-f]{64}\.shard(\.partial)?$/;
/** How long to wait for room that other processes hold. */
const RETRY_MS = 20;

/**
 * Opens MDS shards that are elsewhere. Each is fetched when it is read, checked, and kept in a
 * folder of this machine; of more than `cacheBytes` there the ones not used for the longest time
 * go. Processes may share the folder.
 *
 * @throws {DataError} where the index is not one; when reading, where what comes is not what the
 * index says
 * @throws {RangeError} where the cache cannot hold the largest shard, or the context is not that of
 * the shards
 */
export async function openRemoteShards(options: RemoteShardsOptions): Promise<ShardSet> {
  const { path, open, cacheBytes, context } = options;
  const where = `${path.replace(/\/$/, "")}/index.json`;
  const index = await readAll(await open("index.json"), MOST_INDEX_BYTES, where);
  const set = mdsSet(index, cachedFiles(options));
  if (context !== undefined && context !== set.context) {
    throw new RangeError(
      `Cannot open ${path}: wanted rows of context ${context}, got shards of context ` +
        `${set.context}; prepare the shards again, or use their context`,
    );
  }
  const largest = set.shards.reduce((most, { fileBytes }) => Math.max(most, fileBytes), 0);
  if (cacheBytes >= largest) return set;
  throw new RangeError(
    `Cannot cache the shards of ${path}: wanted cacheBytes of at least ${largest}, the largest ` +
      `shard, got ${cacheBytes}`,
  );
}

/** The files of a remote folder, kept in a folder here. */
function cachedFiles({ path, open, cache, cacheBytes }: RemoteShardsOptions): ShardFiles {
  return {
    path,
    async read(name, bytes, hashes) {
      await Deno.mkdir(cache, { recursive: true });
      // By its hash where there is one: a shard that changed is another file.
      const identity = JSON.stringify([
        Object.keys(hashes).length > 0 ? hashes : [path, name],
        bytes,
      ]);
      const file = join(cache, `${createHash("sha256").update(identity).digest("hex")}.shard`);
      while (true) {
        const kept = await readKept(file, bytes, hashes);
        if (kept) return kept;
        using partial = await claim(file);
        if (!partial) continue;
        try {
          // It may have come between looking for it and claiming it.
          if (await isFile(file)) {
            await alone(cache, () => removeIfThere(`${file}.partial`));
            continue;
          }
          await makeRoom(cache, `${file}.partial`, partial, bytes, cacheBytes);
          const where = `${path.replace(/\/$/, "")}/${name}`;
          const content = await readAll(await open(name), bytes, where);
          if (content.length < bytes) {
            throw new DataError(
              `Cannot fetch the shard: wanted ${bytes} bytes, got ${content.length}; try again`,
              where,
              content.length,
            );
          }
          assertDigests(hashes, digestsOf(content, Object.keys(hashes)), where);
          await partial.seek(0, Deno.SeekMode.Start);
          for (let done = 0; done < bytes;) done += await partial.write(content.subarray(done));
          await partial.sync();
          await alone(cache, () => Deno.rename(`${file}.partial`, file));
          return content;
        } catch (error) {
          await alone(cache, () => removeIfThere(`${file}.partial`));
          throw error;
        }
      }
    },
  };
}

/** What the cache has, whole and undamaged; it counts as used now. */
async function readKept(
  file: string,
  bytes: number,
  hashes: Record<string, string>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    // Once open it can be read to its end, whoever removes it meanwhile.
    const content = await Deno.readFile(file);
    const found = digestsOf(content, Object.keys(hashes));
    if (
      content.length === bytes && Object.keys(hashes).every((name) => hashes[name] === found[name])
    ) {
      const now = new Date();
      await Deno.utime(file, now, now);
      return content;
    }
    await removeIfThere(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * The file to write to, for this process alone: the lock goes with the file, also when its process
 * is killed. Nothing where another process had it, and what it wrote is to be looked at first.
 */
async function claim(file: string): Promise<Deno.FsFile | undefined> {
  const partial = await Deno.open(`${file}.partial`, { read: true, write: true, create: true });
  const free = await partial.tryLock(true);
  if (!free) await partial.lock(true);
  const there = await Deno.stat(`${file}.partial`).catch(() => undefined);
  if (free && there?.ino === (await partial.stat()).ino) return partial;
  partial.close();
}

/** Makes the file as long as it will be, once the least used others have made room for it. */
async function makeRoom(
  cache: string,
  path: string,
  partial: Deno.FsFile,
  bytes: number,
  cacheBytes: number,
): Promise<void> {
  const tryToMakeRoom = async (): Promise<boolean> => {
    const others = (await filesOf(cache)).filter((file) => file.path !== path);
    let total = others.reduce((sum, { size }) => sum + size, 0);
    for (const other of others) {
      if (total + bytes <= cacheBytes) break;
      if (!other.path.endsWith(".partial")) await removeIfThere(other.path);
      else if (!await removeAbandoned(other.path)) continue;
      total -= other.size;
    }
    if (total + bytes > cacheBytes) return false;
    await partial.truncate(bytes);
    return true;
  };
  while (!await alone(cache, tryToMakeRoom)) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Works while no other process changes which files the cache has. */
async function alone<T>(cache: string, work: () => Promise<T>): Promise<T> {
  using lock = await Deno.open(join(cache, "lock"), { write: true, create: true });
  await lock.lock(true);
  return await work();
}

/** The files of a cache, the one not used for the longest time first. */
async function filesOf(cache: string): Promise<{ path: string; size: number; used: number }[]> {
  const files = [];
  for await (const { name } of Deno.readDir(cache)) {
    if (!OURS.test(name)) continue;
    const path = join(cache, name);
    const stat = await Deno.stat(path).catch(() => undefined);
    if (stat) files.push({ path, size: stat.size, used: stat.mtime?.getTime() ?? 0 });
  }
  return files.sort((a, b) => a.used - b.used || (a.path < b.path ? -1 : 1));
}

/** Removes what a process was writing when it was killed; not what is still being written. */
async function removeAbandoned(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path, { read: true, write: true });
    // It goes under its lock, so that nobody claims it meanwhile.
    if (!await file.tryLock(true)) return false;
    await Deno.remove(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isFile }) => isFile, () => false);
}

/** The bytes of a stream; a longer one is an error as soon as that is known. */
async function readAll(
  stream: ReadableStream<Uint8Array>,
  most: number,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > most) {
      throw new DataError(
        `Cannot fetch the file: wanted at most ${most} bytes, got more; check the address`,
        path,
        most,
      );
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
