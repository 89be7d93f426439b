import { basename, dirname, join } from "@std/path";
import { DataError } from "../errors.ts";
import { localFiles, mdsSet } from "./mds_reader.ts";
import { inspectMegatron } from "./megatron.ts";
import type { ShardSet } from "./shard_set.ts";
import { inspectTokenFile, type TokenFile, tokenFileSet } from "./token_file.ts";

/** Options of `openShards`. */
export interface OpenShardsOptions {
  /** Tokens of a row but one, T; needed for files that hold no rows. @default what the shards say */
  context?: number;
}

/**
 * Opens a set of rows: a folder of MDS shards, a `.bin` of nanoGPT or llm.c, Megatron's `.idx` or
 * `.bin`, or a folder of those.
 *
 * @throws {RangeError} where the context is missing, or not that of the shards
 * @throws {DataError} where there is no such set, or its lengths do not fit
 */
export async function openShards(path: string, options: OpenShardsOptions = {}): Promise<ShardSet> {
  const { context } = options;
  const { isDirectory } = await Deno.stat(path).catch((cause) => {
    throw new DataError("Cannot open shards: there is no such file; check the path", path, 0, {
      cause,
    });
  });
  if (basename(path) === "index.json") return await openMds(dirname(path), context);
  if (!isDirectory) return await openTokens([path], path, context);
  const names = await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
  if (names.includes("index.json")) return await openMds(path, context);
  const bins = names.filter((name) => name.endsWith(".bin")).sort();
  if (bins.length === 0) {
    throw new DataError(
      "Cannot open shards: wanted index.json or *.bin in the folder, got neither; give the folder " +
        "that `quern prepare` wrote to the end",
      path,
    );
  }
  return await openTokens(bins.map((name) => join(path, name)), path, context);
}

async function openMds(folder: string, context?: number): Promise<ShardSet> {
  const set = mdsSet(await Deno.readFile(join(folder, "index.json")), localFiles(folder));
  if (context === undefined || context === set.context) return set;
  throw new RangeError(
    `Cannot open ${folder}: wanted rows of context ${context}, got shards of context ` +
      `${set.context}; prepare the shards again, or use their context`,
  );
}

async function openTokens(paths: string[], path: string, context?: number): Promise<ShardSet> {
  if (context === undefined || !Number.isSafeInteger(context) || context < 1) {
    throw new RangeError(
      `Cannot open ${path}: it holds tokens and no rows; wanted context as a whole number of at ` +
        `least 1, got ${context}`,
    );
  }
  const files = await Promise.all(paths.map(inspect));
  return await tokenFileSet(files, path, context);
}

async function inspect(path: string): Promise<TokenFile> {
  if (path.endsWith(".idx")) return await inspectMegatron(path);
  const index = path.replace(/\.bin$/, ".idx");
  const hasIndex = index !== path && await Deno.stat(index).then(() => true, () => false);
  return hasIndex ? await inspectMegatron(index) : await inspectTokenFile(path);
}
