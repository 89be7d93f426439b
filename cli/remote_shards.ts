/** Shards on web servers and in S3-compatible stores, kept in a folder here. */
import {
  DataError,
  listRemote,
  openRemoteShards,
  parseTokenizer,
  type RemoteFile,
  type ShardSet,
  type Tokenizer,
} from "../data/mod.ts";
import type { ShardFolder } from "./data_sources.ts";
import { defineOptions } from "./options.ts";
import { RUNS_FOLDER } from "./run_folder.ts";

/** Options of commands that read shards from elsewhere. */
export const CACHE_OPTIONS = defineOptions({
  cache: {
    type: "string",
    unit: "DIR",
    default: `${RUNS_FOLDER}/.cache`,
    help: "Where shards from https: or s3: are kept; runs may share it.",
  },
  cacheBytes: {
    type: "integer",
    unit: "bytes",
    min: 1,
    default: 10 * 2 ** 30,
    help: "The most that they take there; those not used for the longest time go.",
  },
});

/** Where shards from elsewhere are kept. */
export interface CacheOptions {
  /** The folder. */
  cache: string;
  /** The most that they take there, in bytes. */
  cacheBytes: number;
}

/**
 * Looks for shards at an address that ends in a slash or `index.json`; undefined for other addresses
 * and where an `s3:` prefix has none.
 *
 * @throws {DataError} where a web server refuses or has none
 */
export async function findRemoteShards(
  address: string,
  options: CacheOptions,
): Promise<ShardFolder | undefined> {
  const [, folder] = /^(.*\/)(?:index\.json)?$/.exec(address) ?? [];
  if (folder === undefined) return undefined;
  const open = (path: string) => async (context?: number): Promise<ShardSet> =>
    await openRemoteShards({
      ...{ ...options, path, context },
      open: async (name) => (await openFile(path + name)).open(),
    });
  const tokenizer = await findTokenizer(folder);
  const [plain, train] = [await tryFile(`${folder}index.json`), `${folder}train/`];
  if (!(plain instanceof DataError)) {
    return { hasRows: true, open: open(folder), tokenizer };
  }
  if (await tryFile(`${train}index.json`) instanceof DataError) {
    if (folder.startsWith("s3:")) return undefined;
    throw plain;
  }
  const validation = `${folder}validation/`;
  const hasValidation = !(await tryFile(`${validation}index.json`) instanceof DataError);
  return {
    hasRows: true,
    open: open(train),
    ...(hasValidation && { openValidation: open(validation) }),
    tokenizer,
  };
}

/** The tokenizer in a folder of shards, or above one of its splits. */
async function findTokenizer(folder: string): Promise<ShardFolder["tokenizer"]> {
  for (const place of [folder, folder.replace(/[^/]+\/$/, "")]) {
    const path = `${place}tokenizer.json`;
    const file = await tryFile(path);
    if (file instanceof DataError) continue;
    const read = async (): Promise<Tokenizer> =>
      parseTokenizer(await new Response(file.open()).json(), path);
    return { path, read };
  }
}

/** The file of an address, or why there is none. */
async function tryFile(address: string): Promise<RemoteFile | DataError> {
  try {
    return await openFile(address);
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  }
}

async function openFile(address: string): Promise<RemoteFile> {
  const found = (await listRemote(address)).find(({ path }) => path === address);
  if (found) return found;
  throw new DataError("Cannot open shards: there is no such object; check the address", address);
}
