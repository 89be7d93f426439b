import type { EvaluationSize } from "../dedup/mod.ts";
import type { PackingAccounting } from "../packing/mod.ts";
import {
  addCounts,
  countDrop,
  type DropTable,
  emptySource,
  type LengthCounts,
  type SourceAccount,
  type StageCount,
  sumDrops,
} from "./account.ts";
import type { EvaluationFiles } from "./evaluation_sets.ts";
import type { TokenFrequencies } from "./token_counts.ts";
import type { Excerpt } from "./tokenize_task.ts";
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

/** Names a document. */
export interface DocumentName {
  /** Its id within the source. */
  id: string;
  /** Path of its source, as `sources` has it. */
  source: string;
}

/** How many duplicates there are, in what clusters, and some of them. */
export interface ManifestDuplicates {
  /** Documents whose text had come before. */
  exact: number;
  /** Other documents that are like an earlier one. */
  near: number;
  /** Number of clusters of `from` to `to` documents. */
  sizes: { from: number; to: number; clusters: number }[];
  /** The largest clusters: the document kept, and how many documents it stands for with itself. */
  largest: (DocumentName & { size: number })[];
  /** The first duplicates of each kind and what they were kept as. */
  examples: { kind: "exact" | "near"; dropped: DocumentName; kept: DocumentName }[];
}

/** What was found of an evaluation set in the documents. */
export interface ManifestEvaluation extends EvaluationSize {
  /** Its files. */
  files: { path: string; sha256: string }[];
  /** Documents that hold some of it. */
  documents: number;
  /** Places in documents where an n-gram of it begins. */
  ngrams: number;
  /** Number of its items that were found. */
  itemsFound: number;
  /** Documents that hold some of an item, by the item's number in the set, from 0. */
  found: Record<string, number>;
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
  /** What went into each stage and came out, in order. */
  stages: ({ name: string } & StageCount)[];
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
  /** What was found to have come before. */
  duplicates: ManifestDuplicates;
  /** Lines or paragraphs taken out since they had come before in the corpus. */
  repeatedPassages: number;
  /** Evaluation sets that were looked for. */
  evaluation: ManifestEvaluation[];
  /** Documents kept, by the base-2 logarithm of their lengths, rounded down. */
  lengths: LengthCounts;
  /** How often each token occurs. */
  frequencies: TokenFrequencies;
  /** What wrote this. */
  version: string;
  /** Picks the documents that validate. */
  seed: number;
  /** The only part that differs between two runs; `work` tells by what call it was made. */
  timing: { startedAt: string; seconds: number; bytesPerSecond: number; work: string };
}

/** What `makeManifest` puts together. */
export interface ManifestParts {
  options: Record<string, unknown>;
  /** Names of the files, as the manifest shows them. */
  names: readonly string[];
  work: Work;
  evaluation: readonly (EvaluationFiles & EvaluationSize)[];
  tokenizer: Manifest["tokenizer"];
  frequencies: TokenFrequencies;
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
    stages: Object.entries(work.account.stages).map(([name, count]) => ({ name, ...count })),
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
    duplicates: duplicatesOf(work, names),
    repeatedPassages: work.repeated ?? 0,
    evaluation: parts.evaluation.map(({ name, files, items, tooShort }) => {
      const { documents, ngrams, found } = work.account.evaluation[name] ?? NOTHING_FOUND;
      const itemsFound = Object.keys(found).length;
      return { name, files, items, tooShort, documents, ngrams, itemsFound, found };
    }),
    lengths: work.account.lengths,
    frequencies: parts.frequencies,
    version: parts.version,
    seed: parts.seed,
    timing: {
      startedAt: startedAt.toISOString(),
      seconds,
      bytesPerSecond: Math.round(totals.bytes / seconds),
      work: work.key,
    },
  };
}

const NOTHING_FOUND = { documents: 0, ngrams: 0, found: {} };

/** Numbers of the documents that the manifest names. */
export function namedDuplicates({ duplicates }: Work): Set<number> {
  const { examples = [], largest = [] } = duplicates?.clusters ?? {};
  return new Set([
    ...examples.flatMap(({ document, keptAs }) => [document, keptAs]),
    ...largest.map(({ keeper }) => keeper),
  ]);
}

function duplicatesOf(
  { duplicates, shown }: Work,
  names: readonly string[],
): ManifestDuplicates {
  const { exact, near, clusters: { sizes, largest, examples } } = duplicates!;
  const nameOf = ({ id, source }: Excerpt): DocumentName => ({ id, source: names[source] });
  return {
    ...{ exact, near, sizes },
    largest: largest.map(({ keeper, size }) => ({ ...nameOf(shown[keeper]), size })),
    examples: examples.map(({ kind, document, keptAs }) => ({
      kind: kind === "exact" ? kind : "near",
      dropped: nameOf(shown[document]),
      kept: nameOf(shown[keptAs]),
    })),
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
