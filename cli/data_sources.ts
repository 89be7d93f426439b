/** What `--data` may name: text, files of documents, and shards, each with a weight. */
import { basename, dirname, join } from "@std/path";
import {
  DataError,
  hasDocuments,
  openShards,
  readTokenizer,
  type ShardSet,
  type Tokenizer,
} from "../data/mod.ts";
import { type CacheOptions, findRemoteShards } from "./remote_shards.ts";
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
  /** Whether it says how long its rows are; files of tokens do not. */
  hasRows: boolean;
  /** Opens its rows. @param context tokens of a row, T, which they must have */
  open(context?: number): Promise<ShardSet>;
  /** Opens the corpus' own validation split, where it has one. */
  openValidation?(context?: number): Promise<ShardSet>;
  /** The tokenizer that its tokens are of, where it is kept beside them. */
  tokenizer?: { path: string; read(): Promise<Tokenizer> };
}

/** What begins the address of a source that is elsewhere. */
const REMOTE = /^(https?|s3):\/\//;
/**
 * Looks at what a command was given: `PATH` or `PATH=WEIGHT`.
 *
 * @throws {UsageError} where a weight is not above 0
 * @throws {DataError} where a folder is of a `quern prepare` that has not come to its end
 */
export async function findSources(
  given: readonly string[],
  options: CacheOptions,
): Promise<DataSource[]> {
  return await Promise.all(given.map(async (text) => {
    const [path, weight] = await splitWeight(text);
    const shards = REMOTE.test(path)
      ? await findRemoteShards(path, options)
      : await findShards(path);
    return { path, ...(weight !== undefined && { weight }), ...(shards && { shards }) };
  }));
}

/** Whether a source is to be read as documents, and not as one text. */
export async function holdsDocuments(path: string): Promise<boolean> {
  return REMOTE.test(path) || hasDocuments(path) || await isDirectory(path);
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
    const tokenizer = await shards.tokenizer.read();
    chosen ??= { tokenizer, of: path };
    if (JSON.stringify(tokenizer.toJson()) === JSON.stringify(chosen.tokenizer.toJson())) continue;
    throw new Error(
      `Cannot use the shards ${path}: their tokenizer (${shards.tokenizer.path}) must be that of ` +
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
  const open = (path: string) => (context?: number) => openShards(path, { context });
  const hasRows = basename(path) === "index.json";
  if (hasRows || /\.(bin|idx)$/.test(path)) {
    return { hasRows, open: open(path), tokenizer: await tokenizerBeside(dirname(path)) };
  }
  const names = await namesIn(path);
  const tokenizer = await tokenizerBeside(path);
  if (isShardFolder(names)) {
    return { hasRows: names.includes("index.json"), open: open(path), tokenizer };
  }
  const [train, validation] = [join(path, "train"), join(path, "validation")];
  const trainNames = await namesIn(train);
  if (isShardFolder(trainNames)) {
    const hasValidation = isShardFolder(await namesIn(validation));
    return {
      hasRows: trainNames.includes("index.json"),
      open: open(train),
      ...(hasValidation && { openValidation: open(validation) }),
      tokenizer,
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

/** Names in a folder; none where it is no folder. */
async function namesIn(path: string): Promise<string[]> {
  if (!await isDirectory(path)) return [];
  return await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
}

/** The tokenizer in a folder of shards, or above one of its splits. */
async function tokenizerBeside(folder: string): Promise<ShardFolder["tokenizer"]> {
  for (const place of [folder, dirname(folder)]) {
    const path: string = join(place, "tokenizer.json");
    if (await exists(path)) return { path, read: () => readTokenizer(path) };
  }
}

/** Whether there is anything of that name. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}
