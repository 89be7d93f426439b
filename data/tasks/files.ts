import { decompress, listSources, type ListSourcesOptions, toUtf8 } from "../sources/mod.ts";
import type { TaskReader, TaskReport } from "./reader.ts";

/** Examples of many files. */
export interface TaskExamples<T> {
  /** In order. */
  examples: ReadableStream<T>;
  /** Of the files opened so far, in order. */
  readonly reports: TaskReport[];
}

/**
 * The examples of files, folders, globs, URLs and standard input, compressed or not, one file after
 * the other.
 *
 * @param open the reader of one file, by its name
 * @throws {RangeError} where there are no sources
 * @throws {DataError} in the stream, where a source is missing, or what the reader throws
 * @example
 * ```ts ignore
 * const { examples } = readTaskFiles(["train.csv.gz"], (path) => readClassified(path));
 * for await (const { text, labels } of examples) console.log(labels, text);
 * ```
 */
export function readTaskFiles<T>(
  sources: readonly string[],
  open: (path: string) => TaskReader<T>,
  options: ListSourcesOptions = {},
): TaskExamples<T> {
  const reports: TaskReport[] = [];
  async function* read(): AsyncGenerator<T> {
    for (const file of await listSources(sources, options)) {
      const path = file.path === "-" ? "standard input" : file.path;
      const brotli = file.contentEncoding === "br" || path.toLowerCase().endsWith(".br");
      const reader = open(path);
      reports.push(reader.report);
      yield* file.open().pipeThrough(decompress(path, { brotli })).pipeThrough(toUtf8(path))
        .pipeThrough(reader, { signal: options.signal });
    }
  }
  return { examples: ReadableStream.from(read()), reports };
}
