import { globToRegExp, isGlob } from "@std/path";
import { DataError } from "../../errors.ts";
import type { RemoteFile } from "./file.ts";
import { openUrl } from "./http.ts";
import { openBucket, type S3Options } from "./s3.ts";

/** Options of {@linkcode listRemote}. */
export type ListRemoteOptions = S3Options;

/**
 * The files that an address names, each with what the server says of it: `http(s)://` and
 * `s3://bucket/key` stand for themselves, `s3://bucket/prefix` for all objects whose keys begin so,
 * in order of key, and a glob in a key (as in `s3://bucket/texts/*.jsonl.gz`) for its matches.
 *
 * @throws {DataError} where there is none, or the server refuses or stays silent
 * @throws {TypeError} where it is no address of these kinds
 */
export async function listRemote(
  source: string,
  options: ListRemoteOptions = {},
): Promise<RemoteFile[]> {
  if (!source.startsWith("s3://")) {
    const file = openUrl(source, options);
    await file.stat();
    return [file];
  }
  const [, name, key] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(source) ?? [];
  if (name === undefined) {
    throw new TypeError(`Cannot list the bucket: wanted s3://bucket/prefix, got ${source}`);
  }
  const bucket = openBucket(name, options);
  const open = ({ key, ...facts }: { key: string; size: number; etag?: string }) =>
    bucket.open(key, facts);

  const glob = isGlob(key);
  const single = key === "" || key.endsWith("/") || glob ? null : bucket.open(key);
  const refused = await single?.stat().then(() => null, (error) => error);
  // A key may be read without the right to list, and a prefix is no key.
  if (single !== null && refused === null) return [single];
  const fixed = glob ? key.slice(0, key.search(/[*?[{(\\]|[+@!]\(/)) : key;
  const listed = await bucket.list(fixed).catch((error) => {
    throw refused ?? error;
  });
  const matches = glob ? globToRegExp(key, { extended: true, globstar: true }) as RegExp : /(?:)/;
  const found = listed.filter(({ key: each, size }) =>
    // Stores show folders as empty objects whose keys end in a slash.
    (each === key || matches.test(each)) && !(each.endsWith("/") && size === 0)
  );
  const exact = glob ? found.find(({ key: each }) => each === key) : undefined;
  if (found.length > 0) return (exact === undefined ? found : [exact]).map(open);
  throw new DataError(
    `Cannot find data: wanted at least one object ${
      glob ? "for the pattern" : "of that prefix"
    }, ` +
      "got none; check the bucket and the key",
    source,
  );
}
