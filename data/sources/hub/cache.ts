import { createHash, type Hash } from "node:crypto";
import { dirname } from "@std/path";
import { DataError } from "../../errors.ts";
import { readBytes } from "../files.ts";
import type { RemoteFile } from "../remote/mod.ts";
import type { HubFile } from "./snapshot.ts";

/**
 * Fetches a file's content into `blobs/`, unless it is there: into a file whose name ends in
 * `.incomplete` first, which goes on where it was broken off, and is renamed once its hash is right.
 *
 * @param folder the repository's in the cache
 * @returns the name of the blob's file
 * @throws {DataError} where the content has another hash; it is removed then
 */
export async function fetchBlob(
  folder: string,
  { path, size, blob }: HubFile,
  remote: RemoteFile,
): Promise<string> {
  const target = `${folder}/blobs/${blob}`;
  if (await sizeOf(target) !== undefined) return target;
  await Deno.mkdir(dirname(target), { recursive: true });
  const partial = `${target}.incomplete`;
  const known = await sizeOf(partial) ?? 0;
  const start = known > size ? 0 : known;
  const hash = newHash(blob, size);
  if (start > 0) {
    for await (const chunk of readBytes(partial, { end: start })) hash.update(chunk);
  }
  {
    using file = await Deno.open(partial, { write: true, create: true });
    await file.truncate(start);
    await file.seek(start, Deno.SeekMode.Start);
    if (start < size) {
      for await (const chunk of remote.open({ start, end: size })) {
        for (let done = 0; done < chunk.length;) done += await file.write(chunk.subarray(done));
        hash.update(chunk);
      }
    }
    await file.sync();
  }
  const found = hash.digest("hex");
  if (found !== blob) {
    await Deno.remove(partial);
    throw new DataError(
      `Cannot use ${path}: its content has the hash ${found}, the hub says ${blob}; it was damaged ` +
        "on the way and is removed, start again",
      remote.path,
    );
  }
  await Deno.rename(partial, target);
  return target;
}

/** SHA-256, or what git calls a blob of that size. */
function newHash(blob: string, size: number): Hash {
  return blob.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
}

/**
 * Puts a blob into a snapshot under its own name: a relative link, or a copy where links can't be
 * made.
 *
 * @returns its path there
 */
export async function linkBlob(
  folder: string,
  commit: string,
  path: string,
  blob: string,
): Promise<string> {
  const target = `${folder}/snapshots/${commit}/${path}`;
  if (await sizeOf(target) !== undefined) return target;
  await Deno.mkdir(dirname(target), { recursive: true });
  const up = "../".repeat(path.split("/").length + 1);
  try {
    await Deno.symlink(`${up}blobs/${blob.slice(blob.lastIndexOf("/") + 1)}`, target);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return target; // by a program beside this one
    await Deno.copyFile(blob, target);
  }
  return target;
}

/** Notes which commit a branch or tag stood for. */
export async function writeRef(folder: string, revision: string, commit: string): Promise<void> {
  await Deno.mkdir(`${folder}/refs`, { recursive: true });
  await Deno.writeTextFile(`${folder}/refs/${revision}`, commit);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return await Deno.stat(path).then(({ size }) => size, () => undefined);
}
