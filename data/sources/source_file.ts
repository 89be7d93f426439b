import { stat } from "node:fs/promises";
import { DataError } from "../errors.ts";
import { listFiles, readBytes } from "./files.ts";
import { isHubAddress, listHub } from "./hub/mod.ts";
import { type ByteRange, listRemote } from "./remote/mod.ts";

/** A file of a corpus, wherever it is. */
export interface SourceFile {
  /** As the user asked for it; `-` is standard input. */
  path: string;
  /** Where `prepare`'s manifest says it is: from the folder on that was asked for. */
  name: string;
  /** Bytes in all. @default not known */
  size?: number;
  /** Names the file's version: the time it was changed, or a server's ETag. @default not known */
  version?: string;
  /** How a server says that the bytes are compressed. @default nothing said */
  contentEncoding?: string;
  /** Streams the bytes, or a part of them; standard input has no parts. */
  open(range?: ByteRange): ReadableStream<Uint8Array>;
}

/** Options of `listSources`. */
export interface ListSourcesOptions {
  /** What the source `-` reads. @default Deno.stdin.readable */
  stdin?: ReadableStream<Uint8Array>;
  /** Ends the search. @default never */
  signal?: AbortSignal;
}

/**
 * The files of a corpus in a fixed order: a path stands for itself, a folder for all files in it
 * and its folders in order of name (but hidden ones), a glob for its matches, `http(s)://` for a
 * file on a server, `s3://bucket/prefix` for the objects of that prefix, `hf:OWNER/NAME[@REVISION]`
 * for the data files of a data set on Hugging Face's hub, `-` for standard input.
 *
 * @throws {RangeError} where there are no sources or `-` stands twice
 * @throws {DataError} where a source is missing or holds no files
 */
export async function listSources(
  sources: readonly string[],
  options: ListSourcesOptions = {},
): Promise<SourceFile[]> {
  if (sources.length === 0) {
    throw new RangeError(
      "Cannot read documents: wanted at least one source, got none; name a file",
    );
  }
  if (sources.filter((source) => source === "-").length > 1) {
    throw new RangeError(
      "Cannot read documents: standard input (-) can be read once, got it twice",
    );
  }
  const files: SourceFile[] = [];
  for (const source of sources) files.push(...await filesOf(source, options));
  return files;
}

async function filesOf(source: string, options: ListSourcesOptions): Promise<SourceFile[]> {
  if (source === "-") {
    return [{ path: "-", name: "-", open: () => options.stdin ?? Deno.stdin.readable }];
  }
  if (isHubAddress(source)) return await listHub(source, { signal: options.signal });
  if (/^(https?|s3):\/\//.test(source)) {
    const remote = await listRemote(source, { signal: options.signal });
    return remote.map((file) => ({
      path: file.path,
      name: file.path,
      size: file.size,
      version: file.etag,
      contentEncoding: file.contentEncoding,
      open: (range) => file.open(range),
    }));
  }
  const info = await Deno.stat(source).catch(() => null);
  const base = source.startsWith("/") ? parentOf(source) : "";
  const paths = info?.isDirectory
    ? await walk(source.replace(/\/+$/, ""))
    : await listFiles([source]);
  if (paths.length === 0) {
    throw new DataError("Cannot find data: wanted files in the folder, got none", source);
  }
  return await Promise.all(paths.map((path) => localFile(path, path.slice(base.length))));
}

/** The folder above, with the slash at its end. */
function parentOf(path: string): string {
  const glob = path.search(/[*?[{]/);
  const fixed = (glob < 0 ? path : path.slice(0, glob)).replace(/\/+$/, "");
  return fixed.slice(0, fixed.lastIndexOf("/") + 1);
}

async function walk(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const paths: string[] = [];
  for (const { name } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (name.startsWith(".")) continue;
    const path = `${folder}/${name}`;
    // Links to folders may form a ring, so they aren't followed.
    const link = (await Deno.lstat(path)).isSymlink;
    const info = await Deno.stat(path).catch(() => null); // a dangling link is no file
    if (info?.isDirectory && !link) paths.push(...await walk(path));
    else if (info?.isFile) paths.push(path);
  }
  return paths;
}

async function localFile(path: string, name: string): Promise<SourceFile> {
  const { size, version } = await versionOf(path);
  const open = (range?: ByteRange) =>
    range === undefined ? guarded(path, { size, version }) : readBytes(path, range);
  return { path, name, size, version, open };
}

async function versionOf(path: string): Promise<{ size: number; version: string }> {
  const { size, mtimeNs } = await stat(path, { bigint: true });
  return { size: Number(size), version: `${mtimeNs}` };
}

/** The bytes of a file; an error at its end where it is no longer what was listed. */
function guarded(
  path: string,
  listed: { size: number; version: string },
): ReadableStream<Uint8Array> {
  let bytes = 0;
  return readBytes(path).pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length;
        controller.enqueue(chunk);
      },
      async flush() {
        const now = await versionOf(path).catch(() => null);
        if (now?.size === listed.size && now.version === listed.version && bytes === now.size) {
          return;
        }
        throw new DataError(
          `Cannot read the file: it changed while it was read (${listed.size} bytes before, ` +
            `${now?.size ?? "gone"} now, ${bytes} read); start again when it is at rest`,
          path,
          bytes,
        );
      },
    }),
  );
}
