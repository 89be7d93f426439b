/** What `--data` may name: text, files of documents, and shards, each with a weight. */
import { basename, dirname, join } from "@std/path";
import { DataError, readTokenizer, type Tokenizer } from "../data/mod.ts";
import { UsageError } from "./usage_error.ts";

/** A source that a command was given. */
export interface DataSource {
  path: string;
  /** Its share of the rows, beside the other weights; undefined where none was given. */
  weight?: number;
  /** Where it is shards. */
  shards?: ShardFolder;
}

/** Where the parts of a prepared corpus are. */
export interface ShardFolder {
  /** What `openShards` opens. */
  path: string;
  /** The corpus' own validation split, where it has one. */
  validation?: string;
  /** The tokenizer that its tokens are of, where it is kept beside them. */
  tokenizer?: string;
}

/** Files that hold documents, and not one text. */
const DOCUMENTS =
  /\.(jsonl|ndjson|json|csv|tsv|html?|parquet|tar|warc|wet)(\.(gz|zst|zstd|br))?$|\.br$/i;

/**
 * Looks at what a command was given: `PATH` or `PATH=WEIGHT`.
 *
 * @throws {UsageError} where a weight is not above 0
 * @throws {DataError} where a folder is of a `quern prepare` that has not come to its end
 */
export async function findSources(given: readonly string[]): Promise<DataSource[]> {
  return await Promise.all(given.map(async (text) => {
    const [path, weight] = await splitWeight(text);
    const shards = await findShards(path);
    return { path, ...(weight !== undefined && { weight }), ...(shards && { shards }) };
  }));
}

/** Whether a source is to be read as documents, and not as one text. */
export async function holdsDocuments(path: string): Promise<boolean> {
  if (/^(https?|s3):\/\//.test(path) || DOCUMENTS.test(path)) return true;
  return await isDirectory(path);
}

/**
 * The one tokenizer of all shards; undefined where no shards tell theirs.
 *
 * @param chosen a tokenizer that theirs must be, and whose it is
 * @throws {Error} naming the shards that are of another
 */
export async function sharedTokenizer(
  sources: readonly DataSource[],
  chosen?: { tokenizer: Tokenizer; of: string },
): Promise<Tokenizer | undefined> {
  for (const { path, shards } of sources) {
    if (shards?.tokenizer === undefined) continue;
    const tokenizer = await readTokenizer(shards.tokenizer);
    chosen ??= { tokenizer, of: path };
    if (JSON.stringify(tokenizer.toJson()) === JSON.stringify(chosen.tokenizer.toJson())) continue;
    throw new Error(
      `Cannot use the shards ${path}: their tokenizer (${shards.tokenizer}) must be that of ` +
        `${chosen.of}, and is another; prepare them again with that one`,
    );
  }
  return chosen?.tokenizer;
}

async function splitWeight(text: string): Promise<[path: string, weight?: number]> {
  const cut = text.lastIndexOf("=");
  const end = text.slice(cut + 1).trim();
  // A path may have a "=" in it.
  if (cut < 1 || end === "" || isNaN(Number(end)) || await exists(text)) return [text];
  const weight = Number(end);
  if (weight > 0 && weight < Infinity) return [text.slice(0, cut), weight];
  throw new UsageError(`--data ${text}: a weight must be a number above 0, got ${end}.`);
}

async function findShards(path: string): Promise<ShardFolder | undefined> {
  if (/\.(bin|idx)$/.test(path) || basename(path) === "index.json") {
    return { path, ...await tokenizerBeside(dirname(path)) };
  }
  if (!await isDirectory(path)) return undefined;
  const names = await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
  if (isShardFolder(names)) return { path, ...await tokenizerBeside(path) };
  const split = async (name: string) =>
    names.includes(name) && await isDirectory(join(path, name)) &&
    isShardFolder(await Array.fromAsync(Deno.readDir(join(path, name)), ({ name }) => name));
  if (await split("train")) {
    return {
      path: join(path, "train"),
      ...(await split("validation") && { validation: join(path, "validation") }),
      ...await tokenizerBeside(path),
    };
  }
  if (!names.includes(".prepare") && !names.includes("manifest.json")) return undefined;
  throw new DataError(
    "Cannot open shards: `quern prepare` has not come to its end here; run it again, it goes on",
    path,
  );
}

function isShardFolder(names: readonly string[]): boolean {
  return names.includes("index.json") || names.some((name) => name.endsWith(".bin"));
}

/** The tokenizer in a folder of shards, or above one of its splits. */
async function tokenizerBeside(folder: string): Promise<{ tokenizer?: string }> {
  for (const place of [folder, dirname(folder)]) {
    const path: string = join(place, "tokenizer.json");
    if (await exists(path)) return { tokenizer: path };
  }
  return {};
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}
