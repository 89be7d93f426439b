import { globToRegExp } from "@std/path";
import { DataError } from "../../errors.ts";
import { readBytes } from "../files.ts";
import type { SourceFile } from "../source_file.ts";
import { parseHubAddress } from "./address.ts";
import type { HubOptions } from "./settings.ts";
import { openHub } from "./snapshot.ts";

/** Names that data has; a repository also holds cards, scripts and pictures. */
const DATA =
  /\.(txt|csv|tsv|jsonl|ndjson|json|parquet|conll|iob2|warc|wet|tar|html?|xhtml)(\.(gz|zst|zstd|br))?$/i;

/**
 * The files of a data set on a hub, in order of name: those whose names are of data, or the matches
 * of a path or glob. Each is fetched into the cache when it is opened first, and checked.
 *
 * @param source `hf:OWNER/NAME[@REVISION][/PATH]`
 * @throws {DataError} where there is no such data set, it may not be read, or nothing matches
 */
export async function listHub(source: string, options: HubOptions = {}): Promise<SourceFile[]> {
  const address = parseHubAddress(source);
  const { repository, pattern } = address;
  const snapshot = await openHub(address, "datasets", options);
  const wanted = pattern === undefined
    ? DATA
    : globToRegExp(pattern, { extended: true, globstar: true }) as RegExp;
  const files = snapshot.files.filter(({ path }) => path === pattern || wanted.test(path))
    .sort((a, b) => a.path < b.path ? -1 : 1);
  if (files.length === 0) {
    throw new DataError(
      `Cannot find data: wanted ${
        pattern === undefined ? "text, tables or archives" : "a match of the path"
      }, got ${snapshot.files.length} other files (${
        snapshot.files.slice(0, 5).map(({ path }) => path).join(", ")
      }); name some, as in hf:${repository}/data/*.jsonl`,
      source,
    );
  }
  return files.map((file): SourceFile => {
    const path = `hf:${repository}@${snapshot.commit}/${file.path}`;
    let fetched: Promise<string> | undefined;
    return {
      ...{ path, name: path, size: file.size, version: file.blob },
      open: (range) =>
        ReadableStream.from((async function* () {
          yield* readBytes(await (fetched ??= snapshot.fetch(file)), range);
        })()),
    };
  });
}
