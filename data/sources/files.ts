import { createHash } from "node:crypto";
import { globToRegExp, isGlob } from "@std/path";
import { DataError } from "../errors.ts";
import type { ByteRange } from "./remote/mod.ts";

const CHUNK_BYTES = 1 << 16;

/**
 * Streams the bytes of a file or of a part of it, never holding more than a few chunks of 64 KiB.
 *
 * @throws {DataError} in the stream, where the file is missing, a folder or can't be read
 */
export function readBytes(path: string, range: ByteRange = {}): ReadableStream<Uint8Array> {
  return ReadableStream.from(readChunks(path, range));
}

async function* readChunks(
  path: string,
  { start = 0, end = Infinity }: ByteRange,
): AsyncGenerator<Uint8Array> {
  let offset = start;
  try {
    using file = await Deno.open(path);
    if (start > 0) await file.seek(start, Deno.SeekMode.Start);
    while (offset < end) {
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - offset));
      const count = await file.read(chunk);
      if (count === null) return;
      offset += count;
      yield chunk.subarray(0, count);
    }
  } catch (cause) {
    throw unreadable(path, offset, cause);
  }
}

/**
 * SHA-256 of a file in hexadecimal, in bounded memory.
 *
 * @throws {DataError} where the file is missing, a folder or can't be read
 */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of readBytes(path)) hash.update(chunk);
  return hash.digest("hex");
}

/**
 * The files that the sources name: a path stands for itself, a glob (`*`, `?`, `[ab]`, `{a,b}`,
 * `**`) for its matches in order of name. Names that begin with a dot match only where the glob
 * writes the dot. `-` (standard input) stays.
 *
 * @throws {DataError} where a glob matches nothing, or a path is missing or a folder
 */
export async function listFiles(sources: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const source of sources) {
    if (source === "-") {
      files.push(source);
      continue;
    }
    const info = await Deno.stat(source).catch((cause) => {
      // A path that exists is that file, even where its name looks like a glob.
      if (cause instanceof Deno.errors.NotFound && isGlob(source)) return null;
      throw unreadable(source, 0, cause);
    });
    if (info?.isDirectory) throw unreadable(source, 0, new Deno.errors.IsADirectory());
    if (info !== null) files.push(source);
    else files.push(...await expandGlob(source));
  }
  return files;
}

async function expandGlob(glob: string): Promise<string[]> {
  const segments = glob.split("/");
  const fixed = segments.findIndex((segment) => isGlob(segment));
  const root = segments.slice(0, fixed).join("/");
  const walk = {
    pattern: globToRegExp(glob, { extended: true, globstar: true }) as RegExp,
    endless: segments.includes("**"),
    hidden: segments.slice(fixed).some((segment) => segment.startsWith(".")),
    files: [] as string[],
  };
  const prefix = fixed === 0 ? "" : `${root}/`;
  await visit(prefix, segments.length - fixed);
  if (walk.files.length === 0) {
    throw new DataError(
      "Cannot find data: wanted at least one file for the pattern, got none; check the pattern " +
        "and the folder it starts from",
      glob,
    );
  }
  return walk.files.sort();

  async function visit(prefix: string, depth: number): Promise<void> {
    try {
      for await (const entry of Deno.readDir(prefix === "" ? "." : prefix)) {
        if (entry.name.startsWith(".") && !walk.hidden) continue;
        const path = prefix + entry.name;
        const info = entry.isSymlink ? await Deno.stat(path).catch(() => null) : entry;
        if (info === null) continue; // a dangling link
        if (!info.isDirectory) {
          if (walk.pattern.test(path)) walk.files.push(path);
        } else if (walk.endless ? !entry.isSymlink : depth > 1) {
          // Links to folders may form a ring, so `**` doesn't follow them.
          await visit(`${path}/`, depth - 1);
        }
      }
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) return; // no folder, so no match
      throw cause instanceof DataError ? cause : unreadable(prefix, 0, cause);
    }
  }
}

function unreadable(path: string, byteOffset: number, cause: unknown): DataError {
  const [found, remedy] = cause instanceof Deno.errors.NotFound
    ? ["there is no such file", "check the path"]
    : cause instanceof Deno.errors.IsADirectory
    ? ["it is a folder", `name its files, as in ${path.replace(/\/+$/, "")}/*.txt`]
    : cause instanceof Deno.errors.NotCapable
    ? ["Deno was not allowed to", "run it with --allow-read"]
    : cause instanceof Deno.errors.PermissionDenied
    ? ["permission was denied", "check the file's owner and mode"]
    : [cause instanceof Error ? cause.message : String(cause), "check the disk"];
  return new DataError(`Cannot read the file: ${found}; ${remedy}`, path, byteOffset, { cause });
}
