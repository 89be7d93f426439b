import {
  addCounts,
  countDrop,
  type DropTable,
  emptySource,
  type SourceAccount,
  sumDrops,
} from "./account.ts";
import type { DuplicateSummary } from "./find_duplicates.ts";
import type { PackingAccounting } from "../packing/mod.ts";
import type { Work } from "./work.ts";

/** A source as it was read. */
export interface ManifestSource extends SourceAccount {
  /** As it was asked for; where that was an absolute path, from its last folder on. */
  path: string;
  /** Bytes of the file as it stands, compressed or not. */
  fileBytes: number;
  /** SHA-256 of those. */
  sha256: string;
  /** How the file is compressed: `none`, `gzip`, `zstd` or `brotli`. */
  compression: string;
  /** Members, frames or streams of the compression. */
  frames: number;
  /** Rows, lines, members or records looked at. */
  records: number;
  /** Documents in which invalid characters were replaced. */
  replaced: number;
  /** UTF-8 bytes of kept text to a token. */
  bytesPerToken: number | null;
  /** Why the file was left before its end, where bad files are skipped. */
  error?: string;
}

/** All there is to know of a prepared corpus; but for `timing` a function of sources and options. */
export interface Manifest {
  /** Documents kept. */
  documents: number;
  /** Tokens kept, each once, end-of-text included. */
  tokens: number;
  /** Rows of `context` + 1 tokens. */
  rows: number;
  /** Tokens that stand in two rows, as the last of one and the first of the next. */
  shared: number;
  /** Tokens that fill up rows. */
  padding: number;
  /** What was dropped, by stage and reason. */
  dropped: DropTable;
  /** The files read, in order. */
  sources: ManifestSource[];
  /** SHA-256 of the tokenizer.json, its number of tokens and the id between documents. */
  tokenizer: { sha256: string; vocabularySize: number; endOfText: number | null };
  /** The options, without workers and output folder. */
  options: Record<string, unknown>;
  /** Sums over the sources. */
  totals: SourceAccount & { bytesPerToken: number | null };
  /** Where there is a split: rows and tokens on each side. */
  splits: Record<string, { documents: number; tokens: number; rows: number }>;
  /** Clusters of duplicates. */
  duplicates: DuplicateSummary;
  /** Documents kept, by the base-2 logarithm of their tokens, rounded down. */
  lengths: Record<string, number>;
  /** What wrote this. */
  version: string;
  /** Picks the documents that validate. */
  seed: number;
  /** The only part that differs between two runs. */
  timing: { startedAt: string; seconds: number; bytesPerSecond: number };
}

/** What `makeManifest` puts together. */
export interface ManifestParts {
  options: Record<string, unknown>;
  /** Names of the files, as the manifest shows them. */
  names: readonly string[];
  work: Work;
  tokenizer: Manifest["tokenizer"];
  /** Where the tokens went, by split. */
  splits: Record<string, PackingAccounting>;
  version: string;
  seed: number;
  startedAt: Date;
}

/** Puts together what the work has counted. */
export function makeManifest(parts: ManifestParts): Manifest {
  const { work, names, splits, startedAt } = parts;
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  const errors = new Map(work.bad.map(({ file, error }) => [file, error]));
  const sources = names.map((path, file): ManifestSource => {
    const account = { ...emptySource(), ...work.account.sources[file] };
    const report = work.reports.get(file);
    return {
      path,
      ...account,
      bytesPerToken: bytesPerToken(account),
      fileBytes: report?.bytes ?? 0,
      sha256: report?.sha256 ?? "",
      compression: report?.compression ?? "none",
      frames: report?.frames ?? 0,
      records: report?.records ?? 0,
      replaced: report?.replaced ?? 0,
      ...(errors.has(file) ? { error: errors.get(file) } : {}),
    };
  });
  const totals = emptySource();
  for (const source of Object.values(work.account.sources)) addCounts(totals, source);
  const sum = (field: Exclude<keyof PackingAccounting, "context">) =>
    Object.values(splits).reduce((total, split) => total + split[field], 0);
  const { dropped } = work.account;
  const invalid = [...work.reports.values()].reduce((sum, { invalid }) => sum + invalid, 0);
  if (invalid > 0) countDrop(dropped, "read", "invalid text", { documents: invalid, bytes: 0 });
  const tail = sum("tail");
  if (tail > 0) countDrop(dropped, "packing", "tail", { documents: 0, bytes: 0, tokens: tail });
  return {
    documents: totals.keptDocuments,
    tokens: sum("tokens"),
    rows: sum("rows"),
    shared: sum("shared"),
    padding: sum("padding"),
    dropped,
    sources,
    tokenizer: parts.tokenizer,
    options: parts.options,
    totals: { ...totals, bytesPerToken: bytesPerToken(totals) },
    splits: Object.fromEntries(
      Object.entries(splits).map(([name, { documents, tokens, rows }]) => [
        name,
        { documents, tokens, rows },
      ]),
    ),
    duplicates: work.duplicates!,
    lengths: work.account.lengths,
    version: parts.version,
    seed: parts.seed,
    timing: {
      startedAt: startedAt.toISOString(),
      seconds,
      bytesPerSecond: Math.round(totals.bytes / seconds),
    },
  };
}

/**
 * Checks that no token came from nowhere and none was lost: rows hold the tokens kept, those that
 * two rows share and the padding; and what the tokenizer made was kept or dropped by name.
 *
 * @throws {Error} with both sides of the equation that does not hold
 */
export function assertBalanced(manifest: Manifest): void {
  const { tokens, rows, shared, padding, totals, dropped, options, documents } = manifest;
  const lost = sumDrops(dropped);
  const equations: [string, number, number][] = [
    [
      "rows · (context + 1) = tokens + shared + padding",
      rows * (Number(options.context) + 1),
      tokens + shared + padding,
    ],
    ["tokens made = tokens kept + tokens dropped", totals.tokens, tokens + lost.tokens],
    [
      "documents read = documents kept + documents dropped",
      totals.documents + (dropped.read?.["invalid text"]?.documents ?? 0),
      documents + lost.documents,
    ],
  ];
  for (const [equation, left, right] of equations) {
    if (left === right) continue;
    throw new Error(
      `The books do not balance: ${equation}, got ${left} and ${right}; this is a ` +
        "fault of quern, please report it",
    );
  }
}

function bytesPerToken({ keptBytes, tokens }: SourceAccount): number | null {
  return tokens === 0 ? null : keptBytes / tokens;
}
