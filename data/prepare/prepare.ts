import { createHash } from "node:crypto";
import { join } from "@std/path";
import { AppendFile } from "../append_file.ts";
import type { CleaningOptions } from "../filters/mod.ts";
import type { PackingStrategy } from "../packing/mod.ts";
import { listSources, type ReadDocumentsOptions, type SourceFile } from "../sources/mod.ts";
import type { CleanResult, CleanTask } from "./clean_task.ts";
import { findDuplicates } from "./find_duplicates.ts";
import { ingest } from "./ingest.ts";
import { assertBalanced, makeManifest, type Manifest } from "./manifest.ts";
import { type OpenTokenizer, openTokenizer } from "./open_tokenizer.ts";
import { pack, type Packed } from "./pack.ts";
import { WorkerPool } from "./pool.ts";
import type { PrepareProgress } from "./progress.ts";
import { reportHtml } from "./report.ts";
import type { TokenizeResult, TokenizeTask } from "./tokenize_task.ts";
import { Work } from "./work.ts";
import type { CleanSetup } from "./clean_worker.ts";
import type { TokenizeSetup } from "./tokenize_worker.ts";

/** Options of `prepare`; the result is a function of them and of the sources. */
export interface PrepareOptions extends ReadDocumentsOptions, CleaningOptions {
  /** Files, folders, globs, URLs or `-`. */
  data: readonly string[];
  /** `byte`, or the path of a tokenizer.json or a tiktoken file. */
  tokenizer: string;
  /**
   * Content of the token to put behind each document, or `none`.
   * @default the tokenizer's own
   */
  endOfText?: string;
  /** Tokens of a row, T; a row holds one more. */
  context: number;
  /** Folder to write to; made where it is missing, else empty or of an interrupted run. */
  out: string;
  /** MosaicML's shards, or one file as nanoGPT and llm.c read it. @default "mds" */
  format?: "mds" | "bin";
  /** Which duplicates to drop; `minhash` drops exact ones too. @default "exact" */
  dedup?: "exact" | "minhash" | "none";
  /** How documents become rows. @default "concat" */
  packing?: PackingStrategy;
  /** Share of the documents, by hash, that goes to `out/validation`. @default 0 */
  validationFraction?: number;
  /** Picks the documents that validate. @default 1 */
  seed?: number;
  /** Largest shard before compression, in bytes. @default 64 MiB */
  shardBytes?: number;
  /** Whether a file that breaks is left there, instead of ending the work. @default false */
  skipBadFiles?: boolean;
}

/** How `prepare` does its work; none of it changes the result. */
export interface PrepareRun {
  /** Number of workers. @default the machine's cores */
  workers?: number;
  /** Folder to keep what is dropped in, as JSON lines. @default nothing is kept */
  keepDropped?: string;
  /** Sees how far the work has come, after each batch. @default nothing */
  onProgress?: (progress: PrepareProgress) => void;
  /** Ends the work where it can be taken up again. @default never */
  signal?: AbortSignal;
}

/** Goes into the hash by which unfinished work is known. */
const VERSION = "1";

/**
 * Makes packed, checksummed shards of raw corpora: reads, cleans, drops duplicates, tokenizes, packs
 * and writes, in memory that does not grow with the corpus. The folder gets the shards, a
 * `manifest.json` and a `report.html`. After a crash the same call goes on where it stopped, to the
 * same bytes.
 *
 * @throws {RangeError} where an option is out of range or the folder holds something else
 * @throws {DataError} where a source can't be read
 * @throws the signal's reason, where it is aborted
 */
export async function prepare(options: PrepareOptions, run: PrepareRun = {}): Promise<Manifest> {
  const startedAt = new Date();
  const { out, packing = "concat", format = "mds", dedup = "exact" } = options;
  const { validationFraction = 0, seed = 1 } = options;
  const { workers, signal, onProgress = () => {} } = run;
  const keepDropped = run.keepDropped !== undefined;
  if (format === "bin" && packing !== "concat") {
    throw new RangeError(
      `Cannot write bin: packing must be concat, got ${packing}; use mds, which keeps row borders`,
    );
  }
  const tokenizer = await openTokenizer(options.tokenizer, options.endOfText);
  const files = await listSources(options.data, { signal });
  using work = await Work.open(out, keyOf(options, files, tokenizer));
  const lost = (name: string) =>
    run.keepDropped === undefined ? undefined : join(run.keepDropped, name);
  if (run.keepDropped !== undefined) await Deno.mkdir(run.keepDropped, { recursive: true });
  const follow = { onProgress, signal };
  const spool = work.path("documents");
  const fingerprints = work.path("fingerprints");
  const duplicates = work.path("duplicates");

  if (work.ingest?.position.file !== files.length) {
    using pool = new WorkerPool<CleanSetup, CleanTask, CleanResult>({
      module: new URL("./clean_worker.ts", import.meta.url),
      setup: { cleaning: options, dedup, keepDropped },
      workers,
    });
    await ingest({
      ...follow,
      files,
      read: options,
      skipBadFiles: options.skipBadFiles ?? false,
      into: { spool, fingerprints, dropped: lost("cleaning.jsonl") },
      pool,
      from: work.ingest,
      record: (entry) => work.record(entry),
    });
  }
  if (work.duplicates === undefined) {
    const found = dedup === "none" ? await noDuplicates(duplicates) : await findDuplicates({
      ...follow,
      fingerprints,
      documents: work.ingest!.documents,
      folder: work.path("sorting"),
      list: duplicates,
    });
    await work.record({ type: "dedup", duplicates: found });
  }
  using pool = new WorkerPool<TokenizeSetup, TokenizeTask, TokenizeResult>({
    module: new URL("./tokenize_worker.ts", import.meta.url),
    setup: {
      tokenizer: tokenizer.json,
      endOfText: tokenizer.endOfText,
      ...{ validationFraction, seed, keepDropped },
    },
    workers,
  });
  const packed = await pack({
    ...follow,
    ...{ spool, duplicates, out, format, pool, folder: work.folder },
    dropped: lost("duplicates.jsonl"),
    names: files.map(({ name }) => name),
    splits: validationFraction > 0 ? ["train", "validation"] : [""],
    context: options.context,
    vocabularySize: tokenizer.tokenizer.vocabularySize,
    strategy: packing,
    padId: tokenizer.endOfText ?? 0,
    shardBytes: options.shardBytes,
    from: work.pack,
    record: (entry) => work.record(entry),
  });
  return await finish({ work, packed, options, files, tokenizer, startedAt });
}

interface Finishing {
  work: Work;
  packed: Packed;
  options: PrepareOptions;
  files: readonly SourceFile[];
  tokenizer: OpenTokenizer;
  startedAt: Date;
}

/** Writes manifest and report, then what makes the shards whole, and clears up. */
async function finish(
  { work, packed, options, files, tokenizer, startedAt }: Finishing,
): Promise<Manifest> {
  const names = files.map(({ name }) => name);
  const manifest = makeManifest({
    options: recorded(options, names),
    names,
    work,
    tokenizer: {
      sha256: tokenizer.sha256,
      vocabularySize: tokenizer.tokenizer.vocabularySize,
      endOfText: tokenizer.endOfText ?? null,
    },
    splits: packed.accounting,
    version: VERSION,
    seed: options.seed ?? 1,
    startedAt,
  });
  assertBalanced(manifest);
  const report = reportHtml(manifest, {
    kept: work.kept.map(({ id, source, text }) => ({ id, source: names[source], text })),
    dropped: work.dropped,
  });
  await writeBeside(join(options.out, "report.html"), report);
  await writeBeside(
    join(options.out, "manifest.json"),
    JSON.stringify(manifest, null, 2) + "\n",
  );
  await writeBeside(
    join(options.out, "tokenizer.json"),
    JSON.stringify(tokenizer.json) + "\n",
  );
  await packed.finish();
  await work.remove();
  return manifest;
}

/** All that the result depends on, in one hash. */
function keyOf(
  options: PrepareOptions,
  files: readonly SourceFile[],
  { sha256, endOfText }: OpenTokenizer,
): string {
  const { out: _, signal: __, ...rest } = options as PrepareOptions & { signal?: unknown };
  const listed = files.map(({ path, size, version }) => [path, size, version]);
  return createHash("sha256")
    .update(JSON.stringify([VERSION, rest, listed, sha256, endOfText])).digest("hex");
}

/** The options as the manifest shows them: no places on this machine. */
function recorded(options: PrepareOptions, names: string[]): Record<string, unknown> {
  const { out: _, data, tokenizer, ...rest } = options;
  const last = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  const shown = data.map((source) =>
    source.startsWith("/") ? last(source.replace(/\/+$/, "")) : source
  );
  return {
    data: names.length === 0 ? [] : shown,
    tokenizer: last(tokenizer),
    format: "mds",
    dedup: "exact",
    packing: "concat",
    preset: "none",
    ...rest,
  };
}

async function noDuplicates(list: string): Promise<Manifest["duplicates"]> {
  using _ = await AppendFile.open(list, 0);
  return { exact: 0, near: 0, clusters: { sizes: [], largest: [], examples: [] } };
}

async function writeBeside(path: string, text: string): Promise<void> {
  {
    using file = await AppendFile.open(`${path}.partial`, 0);
    await file.append(new TextEncoder().encode(text));
    await file.sync();
  }
  await Deno.rename(`${path}.partial`, path);
}
