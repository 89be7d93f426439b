import { DataError } from "../errors.ts";

/** Where an example was read. */
export interface Place {
  /** The file, as the user named it. */
  path: string;
  /** From 1. */
  line: number;
  /** Where the line begins, in bytes. */
  offset: number;
}

/** What to do with an example that breaks a rule. */
export type OnBad = "error" | "skip";

/** What a reader of examples made of its file so far. */
export interface TaskReport {
  /** As the user named it. */
  path: string;
  /** Rows, sentences or conversations looked at. */
  records: number;
  /** Examples that came out. */
  examples: number;
  /** Examples left out by `onBad: "skip"`, by reason. */
  skipped: Record<string, number>;
  /** The whole sentence on each of the first of them, ten at most. */
  firstSkipped: string[];
  /** Which column holds what: a name of the first row or of the objects, or a number from 1. */
  columns?: Record<string, string>;
  /** Whether any of the columns was guessed. */
  guessed?: boolean;
  /** Whether the first row is one of names. */
  header?: boolean;
}

/** A transform from the bytes of one file to the examples of a task, which counts them. */
export interface TaskReader<T> extends ReadableWritablePair<T, Uint8Array> {
  /** Counts so far; complete once the stream has ended. */
  readonly report: TaskReport;
}

/** Sentences kept of what was skipped. */
const MOST_SENTENCES = 10;

/** Why an example can't be used. */
export class BadExample extends Error {
  /**
   * @param reason a few words, the same for all examples that break one rule
   * @param detail what was wanted, what was found and what to do, to follow "Cannot use line 7: "
   */
  constructor(readonly reason: string, readonly detail: string) {
    super(detail);
  }
}

/** The error of an example that can't be used, with its line. */
export function badExample({ path, line, offset }: Place, detail: string): DataError {
  return new DataError(`Cannot use line ${line}: ${detail}`, path, offset);
}

/** A report of nothing yet. */
export function emptyTaskReport(path: string): TaskReport {
  return { path, records: 0, examples: 0, skipped: {}, firstSkipped: [] };
}

/**
 * Makes an example and counts it; undefined where it is skipped.
 *
 * @throws {DataError} with the line, where it is bad and bad ones are errors
 */
export function attempt<T>(
  report: TaskReport,
  place: Place,
  onBad: OnBad,
  make: () => T,
): T | undefined {
  report.records++;
  try {
    const example = make();
    report.examples++;
    return example;
  } catch (error) {
    if (!(error instanceof BadExample)) throw error;
    const bad = badExample(place, error.detail);
    if (onBad === "error") throw bad;
    report.skipped[error.reason] = (report.skipped[error.reason] ?? 0) + 1;
    if (report.firstSkipped.length < MOST_SENTENCES) report.firstSkipped.push(bad.message);
    return undefined;
  }
}

/**
 * A text that has something to say.
 *
 * @param what names it in the sentence, `kind` in the count of reasons
 */
export function filledText(value: unknown, what: string, kind: string = what): string {
  if (typeof value !== "string") {
    throw new BadExample(`no ${kind}`, `wanted text as its ${what}, got ${describe(value)}`);
  }
  if (value.trim() === "") {
    throw new BadExample(`empty ${kind}`, `its ${what} is empty; fill it in or remove the line`);
  }
  if (!value.isWellFormed()) {
    throw new BadExample(
      `broken ${kind}`,
      `its ${what} holds half a surrogate pair; mend or remove the line`,
    );
  }
  return value;
}

/** What a value is, in words. */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" ? "an object" : `the ${typeof value} ${JSON.stringify(value)}`;
}
