import { DataError } from "../errors.ts";
import { decompress } from "./compression/mod.ts";
import { listFiles, readBytes } from "./files.ts";
import { toUtf8 } from "./utf16.ts";
import { decodeUtf8 } from "./utf8.ts";

/** Options of `readText`. */
export interface ReadTextOptions {
  /** What the source `-` reads. @default Deno.stdin.readable */
  stdin?: ReadableStream<Uint8Array>;
  /** Ends the stream with the signal's reason, and closes the file. */
  signal?: AbortSignal;
}

/**
 * Streams the text of files, globs and standard input (`-`), joined in order with nothing between;
 * compressed ones are unpacked, UTF-16 is known by its byte order mark. All files are looked up before the first is read; memory is bounded whatever their size.
 *
 * @throws {RangeError} where there are no sources or `-` stands twice
 * @throws {DataError} in the stream, where a source is missing, empty, unreadable, corrupt or no UTF-8
 * @example
 * ```ts
 * import { readText } from "@quern/quern";
 * let characters = 0;
 * for await (const text of readText(["README.md"])) characters += text.length;
 * ```
 */
export function readText(
  sources: readonly string[],
  options: ReadTextOptions = {},
): ReadableStream<string> {
  if (sources.length === 0) {
    throw new RangeError("Cannot read text: wanted at least one source, got none; name a file");
  }
  if (sources.filter((source) => source === "-").length > 1) {
    throw new RangeError("Cannot read text: standard input (-) can be read once, got it twice");
  }
  return ReadableStream.from(readAll(sources, options));
}

async function* readAll(
  sources: readonly string[],
  { stdin, signal }: ReadTextOptions,
): AsyncGenerator<string> {
  for (const file of await listFiles(sources)) {
    signal?.throwIfAborted();
    const path = file === "-" ? "standard input" : file;
    const bytes = file === "-" ? stdin ?? Deno.stdin.readable : readBytes(file);
    let empty = true;
    const texts = bytes.pipeThrough(decompress(path)).pipeThrough(toUtf8(path))
      .pipeThrough(decodeUtf8(path), { signal });
    for await (const text of texts) {
      empty = false;
      yield text;
    }
    if (empty) throw new DataError("Cannot read text: wanted some, got an empty file", path);
  }
}
