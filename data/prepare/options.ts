import { createHash } from "node:crypto";
import type { DecontaminationMode } from "../dedup/mod.ts";
import type { CleaningOptions } from "../filters/mod.ts";
import type { PackingStrategy } from "../packing/mod.ts";
import type { ReadDocumentsOptions, SourceFile } from "../sources/mod.ts";
import type { EvaluationFiles } from "./evaluation_sets.ts";
import type { TokenizerFacts } from "./open_tokenizer.ts";
import type { PrepareProgress } from "./progress.ts";

/** Options of `prepare`; the result is a function of them and of the sources. */
export interface PrepareOptions extends Omit<ReadDocumentsOptions, "webPages">, CleaningOptions {
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
  /**
   * Whether what `removeRepeated` names must not repeat in its document, or in the whole corpus.
   * @default "document"
   */
  repeatedIn?: "document" | "corpus";
  /**
   * Evaluation sets that the corpus must not hold, each a file, folder, glob or URL, or
   * `NAME=SOURCE`: an item is a record, or a line of plain text. @default none
   */
  decontaminate?: readonly string[];
  /** Fields of their records that hold an item's text. @default ["text"] */
  decontaminateFields?: readonly string[];
  /** What to do with a document that holds some of it. @default "drop" */
  decontaminateMode?: DecontaminationMode;
  /** Words in a row that they must share, 8 to 13. @default 13 */
  decontaminateWords?: number;
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
export const VERSION = "3";

/** @throws {RangeError} where options contradict each other */
export function checkOptions(options: Omit<PrepareOptions, "out">): void {
  const { format = "mds", packing = "concat", removeRepeated, repeatedIn } = options;
  if (format === "bin" && packing !== "concat") {
    throw new RangeError(
      `Cannot write bin: packing must be concat, got ${packing}; use mds, which keeps row borders`,
    );
  }
  if (repeatedIn === "corpus" && removeRepeated === undefined) {
    throw new RangeError(
      "Cannot look for repetition in the corpus: removeRepeated must be line or paragraph, got " +
        "neither; name one",
    );
  }
}

/** All that the result depends on, in one hash. */
export function keyOf(
  options: PrepareOptions,
  { files, evaluation, tokenizer: { sha256, endOfText } }: {
    files: readonly SourceFile[];
    evaluation: readonly EvaluationFiles[];
    tokenizer: TokenizerFacts;
  },
): string {
  const { out: _, ...rest } = options;
  const listed = files.map(({ path, size, version }) => [path, size, version]);
  const sets = evaluation.map(({ name, files }) => [name, files]);
  return createHash("sha256")
    .update(JSON.stringify([VERSION, rest, listed, sets, sha256, endOfText])).digest("hex");
}

const LISTS: readonly (keyof PrepareOptions)[] = [
  "blockedDomains",
  "blockedUrls",
  "blockedUrlSubwords",
  "blockedUrlWords",
  "blockedWords",
  "suspiciousUrlWords",
];

/** The options as the manifest shows them: no places on this machine, lists by their hashes. */
export function recordedOptions(options: PrepareOptions): Record<string, unknown> {
  const { out: _, data, tokenizer, decontaminate, ...rest } = options;
  const lists = LISTS.flatMap((name) => {
    const list = options[name] as readonly string[] | undefined;
    if (!list?.length) return [];
    const sha256 = createHash("sha256").update(JSON.stringify(list)).digest("hex");
    return [[name, { entries: list.length, sha256 }]];
  });
  return {
    data: data.map(withoutPlace),
    tokenizer: lastOf(tokenizer),
    format: "mds",
    dedup: "exact",
    packing: "concat",
    preset: "none",
    ...(decontaminate && { decontaminate: decontaminate.map(withoutPlace) }),
    ...rest,
    ...Object.fromEntries(lists),
  };
}

function withoutPlace(source: string): string {
  return source.replace(/^([^/=]+=)?(\/.*)$/, (_, name = "", path) => name + lastOf(path));
}

function lastOf(path: string): string {
  const place = path.replace(/\/+$/, "");
  return place.slice(place.lastIndexOf("/") + 1);
}
