import { join } from "@std/path";
import type { SourceReport } from "../sources/mod.ts";
import { type Account, addCounts, emptyAccount, sumDrops } from "./account.ts";
import type { DroppedDocument } from "./clean_task.ts";
import type { DuplicateSummary } from "./find_duplicates.ts";
import type { BadFile, IngestEntry } from "./ingest.ts";
import { Journal } from "./journal.ts";
import { firstExamples, type PackEntry } from "./pack.ts";
import type { Excerpt, KeptExample } from "./tokenize_task.ts";

/** The folder within the output that holds what an interrupted run goes on from. */
export const WORK_FOLDER = ".prepare";
/** What it is called while it is removed; all output is whole then. */
export const REMOVED_FOLDER = ".prepare-done";

interface StartEntry {
  type: "start";
  /** Hash of all that the result depends on. */
  key: string;
}

/** The list of duplicates is whole. */
interface DedupEntry {
  type: "dedup";
  duplicates: DuplicateSummary;
}

/** The list of repeated passages is whole. */
interface RepeatedEntry {
  type: "repeated";
  passages: number;
}

type Entry = StartEntry | IngestEntry | DedupEntry | RepeatedEntry | PackEntry;

/** Unfinished work: its folder, its journal, and the sums of what the journal tells. */
export class Work implements Disposable {
  /** Last entry of reading. */
  ingest?: IngestEntry;
  /** Last entry of packing. */
  pack?: PackEntry;
  /** Set once the duplicates are known. */
  duplicates?: DuplicateSummary;
  /** Number of repeated passages, once they are known. */
  repeated?: number;
  /** Sums over all entries. */
  readonly account: Account = emptyAccount();
  /** By index of the file. */
  readonly reports = new Map<number, SourceReport>();
  readonly bad: BadFile[] = [];
  /** The first document of each reason. */
  readonly dropped: DroppedDocument[] = [];
  kept: KeptExample[] = [];
  /** Documents to be shown, by their numbers. */
  readonly shown: Record<number, Excerpt> = {};

  #out: string;
  #journal: Journal<Entry>;
  #lock: Deno.FsFile;

  private constructor(
    out: string,
    /** Hash of all that the result depends on. */
    readonly key: string,
    journal: Journal<Entry>,
    lock: Deno.FsFile,
  ) {
    this.#out = out;
    this.#journal = journal;
    this.#lock = lock;
  }

  /** The folder of the work. */
  get folder(): string {
    return join(this.#out, WORK_FOLDER);
  }

  /**
   * Begins work in an output folder, or takes it up again.
   *
   * @param key hash of all that the result depends on
   * @throws {RangeError} where the folder holds something else, work with another key, or work that
   * another process is at
   */
  static async open(out: string, key: string): Promise<Work> {
    const folder = join(out, WORK_FOLDER);
    const refuse = (found: string): never => {
      throw new RangeError(`Cannot write to ${out}: ${found}`);
    };
    const names: string[] = await Array.fromAsync(Deno.readDir(out), ({ name }) => name).catch(
      (error) => {
        if (error instanceof Deno.errors.NotFound) return [];
        if (error instanceof Deno.errors.NotADirectory) return refuse("it is no folder");
        throw error;
      },
    );
    if (names.length > 0 && !names.includes(WORK_FOLDER)) {
      refuse("wanted an empty folder, got one with files; choose another, or remove them");
    }
    await Deno.mkdir(folder, { recursive: true });
    const lock = await Deno.open(join(folder, "lock"), { write: true, create: true });
    try {
      if (!await lock.tryLock(true)) refuse("another process is preparing data there");
      const { journal, entries } = await Journal.open<Entry>(join(folder, "journal.jsonl"));
      const work = new Work(out, key, journal, lock);
      const start = entries.findLast((entry): entry is StartEntry => entry.type === "start");
      const isBegun = entries.some(({ type }) => type !== "start");
      if (isBegun && start?.key !== key) {
        journal[Symbol.dispose]();
        refuse(
          "it holds the unfinished work of other sources or options; give the same ones to go " +
            "on, or remove the folder",
        );
      }
      if (!isBegun) await work.record({ type: "start", key });
      for (const entry of entries) work.#add(entry);
      return work;
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /** Documents that were read, and how many of them were dropped. */
  get cleaned(): { documents: number; dropped: number } {
    let documents = 0;
    for (const source of Object.values(this.account.sources)) documents += source.documents;
    return { documents, dropped: sumDrops(this.account.dropped).documents };
  }

  /** Documents that were packed or dropped since they were read, and how many were dropped. */
  get packed(): { documents: number; dropped: number } {
    const documents = this.pack?.document ?? 0;
    let kept = 0;
    for (const source of Object.values(this.account.sources)) kept += source.keptDocuments;
    return { documents, dropped: documents - kept };
  }

  /** Path of a file of the work. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Adds to the journal, and to the sums. */
  async record(entry: Entry): Promise<void> {
    await this.#journal.record(entry);
    this.#add(entry);
  }

  /** Removes the folder; the work is done. */
  async remove(): Promise<void> {
    const removed = join(this.#out, REMOVED_FOLDER);
    await Deno.rename(this.folder, removed);
    await Deno.remove(removed, { recursive: true });
  }

  /** Closes journal and lock. */
  [Symbol.dispose](): void {
    this.#journal[Symbol.dispose]();
    this.#lock.close();
  }

  #add(entry: Entry): void {
    switch (entry.type) {
      case "ingest":
        this.ingest = entry;
        for (const { file, report } of entry.reports) this.reports.set(file, report);
        this.bad.push(...entry.bad);
        this.#addCounts(entry);
        break;
      case "dedup":
        this.duplicates = entry.duplicates;
        break;
      case "repeated":
        this.repeated = entry.passages;
        break;
      case "pack":
        this.pack = entry;
        this.kept = firstExamples([...this.kept, ...entry.kept]);
        Object.assign(this.shown, entry.shown);
        this.#addCounts(entry);
    }
  }

  #addCounts({ account, examples }: IngestEntry | PackEntry): void {
    addCounts(this.account, account);
    for (const drop of examples) {
      const { stage, reason } = drop;
      const same = this.dropped.some((other) => other.stage === stage && other.reason === reason);
      if (!same) this.dropped.push(drop);
    }
  }
}
