import type { EvaluationHits } from "../dedup/mod.ts";
import type { Count, Step } from "../stage.ts";

/** Documents and bytes dropped, and tokens where they were dropped after tokenizing. */
export interface DropCount {
  /** Documents dropped. */
  documents: number;
  /** UTF-8 bytes of their texts. */
  bytes: number;
  /** Tokens of them, where they were dropped after tokenizing. */
  tokens?: number;
}

/** What was dropped by stage and reason. */
export type DropTable = Record<string, Record<string, DropCount>>;

/** What became of the documents of one source. */
export interface SourceAccount {
  /** Documents read. */
  documents: number;
  /** UTF-8 bytes of their texts as read. */
  bytes: number;
  /** Documents that were kept. */
  keptDocuments: number;
  /** UTF-8 bytes of their texts, cleaned. */
  keptBytes: number;
  /** Their UTF-16 code units. */
  keptCharacters: number;
  /** Their tokens, end-of-text included. */
  tokens: number;
}

/** What went through a stage. */
export interface StageCount {
  /** What came in. */
  in: Count;
  /** What went out, as it was then. */
  out: Count;
}

/** Documents by the base-2 logarithm of their length, rounded down. */
export interface LengthCounts {
  /** By UTF-8 bytes of their texts. */
  bytes: Record<string, number>;
  /** By tokens. */
  tokens: Record<string, number>;
}

/** Sums over documents; a difference between two moments is of the same shape. */
export interface Account {
  /** By index of the file. */
  sources: Record<number, SourceAccount>;
  /** By name, in order. */
  stages: Record<string, StageCount>;
  dropped: DropTable;
  /** Documents kept. */
  lengths: LengthCounts;
  /** What was found of evaluation sets, by name. */
  evaluation: Record<string, EvaluationHits>;
}

/** An account of nothing yet; it names the stages to come. */
export function emptyAccount(steps: readonly Step[] = []): Account {
  const none = () => ({ documents: 0, bytes: 0 });
  const stages = steps.map(({ name }) => [name, { in: none(), out: none() }]);
  return {
    sources: {},
    stages: Object.fromEntries(stages),
    dropped: {},
    lengths: { bytes: {}, tokens: {} },
    evaluation: {},
  };
}

/** A source of which nothing was read yet. */
export function emptySource(): SourceAccount {
  return { documents: 0, bytes: 0, keptDocuments: 0, keptBytes: 0, keptCharacters: 0, tokens: 0 };
}

/** Adds the numbers of `change`, however deep they stand, to those of `sum`. */
export function addCounts(sum: object, change: object): void {
  const into = sum as Record<string, unknown>;
  for (const [key, value] of Object.entries(change)) {
    if (typeof value === "number") into[key] = (into[key] as number ?? 0) + value;
    else addCounts((into[key] ??= {}) as object, value);
  }
}

/** Counts one document dropped by a stage for a reason. */
export function countDrop(
  table: DropTable,
  stage: string,
  reason: string,
  { documents = 1, bytes, tokens }: { documents?: number; bytes: number; tokens?: number },
): void {
  addCounts(table, {
    [stage]: { [reason]: { documents, bytes, ...(tokens === undefined ? {} : { tokens }) } },
  });
}

/** All that was dropped, in one sum. */
export function sumDrops(table: DropTable): Required<DropCount> {
  const sum = { documents: 0, bytes: 0, tokens: 0 };
  for (const reasons of Object.values(table)) {
    for (const count of Object.values(reasons)) addCounts(sum, count);
  }
  return sum;
}
