import { AppendFile } from "../append_file.ts";
import { DataError } from "../errors.ts";
import {
  type ReadDocumentsOptions,
  readFileDocuments,
  type SourceFile,
  type SourceReport,
} from "../sources/mod.ts";
import { type Account, addCounts, emptyAccount, sumDrops } from "./account.ts";
import type { CleanResult, CleanTask, DroppedDocument } from "./clean_task.ts";
import type { WorkerPool } from "./pool.ts";
import type { PrepareProgress } from "./progress.ts";
import type { WorkerResult, WorkerSetup, WorkerTask } from "./worker.ts";

/** Documents of a task of cleaning: whichever comes first. */
const BATCH_DOCUMENTS = 4096;
const BATCH_CHARACTERS = 1 << 18;
/** Time between two entries of the journal. */
const RECORD_MS = 1000;

/** A file that could not be read to its end and was left there. */
export interface BadFile {
  /** Index of the file. */
  file: number;
  error: string;
}

/** What is known of a file that was read to its end. */
export interface FileReport {
  /** Index of the file. */
  file: number;
  report: SourceReport;
}

/** Where reading stands; all before it is in the spool. */
export interface IngestPosition {
  /** Index of the file that is being read. */
  file: number;
  /** Documents of it that are done. */
  documents: number;
}

/** What the journal says of reading since the entry before. */
export interface IngestEntry {
  type: "ingest";
  position: IngestPosition;
  /** Lengths of the files that are added to. */
  spoolBytes: number;
  fingerprintBytes: number;
  passageBytes: number;
  droppedBytes: number;
  /** Documents in the spool, from the start. */
  documents: number;
  /** What was counted since. */
  account: Account;
  /** What is known of the files that ended since. */
  reports: FileReport[];
  bad: BadFile[];
  examples: DroppedDocument[];
}

/** The names of the files that reading adds to. */
export interface IngestFiles {
  spool: string;
  fingerprints: string;
  passages: string;
  /** Where to keep what is dropped, as JSON lines. */
  dropped?: string;
}

/** Options of `ingest`. */
export interface IngestOptions {
  files: readonly SourceFile[];
  read: ReadDocumentsOptions;
  /** Whether a file that cannot be read is left where it breaks, instead of ending the work. */
  skipBadFiles: boolean;
  into: IngestFiles;
  pool: WorkerPool<WorkerSetup, WorkerTask, WorkerResult>;
  /** The last entry of an interrupted run. */
  from?: IngestEntry;
  record(entry: IngestEntry): Promise<void>;
  onProgress(progress: PrepareProgress): void;
  signal?: AbortSignal;
}

interface Batch extends CleanTask {
  /** Where reading stands once the batch is done. */
  position: IngestPosition;
  /** Of the files that ended with this batch. */
  reports: FileReport[];
  bad: BadFile[];
  /** Bytes read so far. */
  bytes: number;
}

/** Reads all files, cleans their documents and writes them to the spool. */
export async function ingest(options: IngestOptions): Promise<void> {
  const { files, into, pool, from, record, onProgress, signal } = options;
  using spool = await AppendFile.open(into.spool, from?.spoolBytes ?? 0);
  using fingerprints = await AppendFile.open(into.fingerprints, from?.fingerprintBytes ?? 0);
  using passages = await AppendFile.open(into.passages, from?.passageBytes ?? 0);
  using dropped = into.dropped === undefined
    ? undefined
    : await AppendFile.open(into.dropped, from?.droppedBytes ?? 0);

  const sizes = files.map(({ size }) => size);
  const totalBytes = sizes.includes(undefined)
    ? undefined
    : sizes.reduce((sum: number, size) => sum + size!, 0);
  const progress = { phase: "clean" as const, totalBytes, documents: 0, dropped: 0 };
  let documents = from?.documents ?? 0;
  let entry = nextEntry();
  let recordedMs = performance.now();
  const exampled = new Set<string>();

  function nextEntry(): Pick<IngestEntry, "account" | "reports" | "bad" | "examples"> {
    return { account: emptyAccount(), reports: [], bad: [], examples: [] };
  }

  async function save(position: IngestPosition): Promise<void> {
    await Promise.all([spool, fingerprints, passages, dropped].map((file) => file?.sync()));
    await record({
      type: "ingest",
      position,
      spoolBytes: spool.bytes,
      fingerprintBytes: fingerprints.bytes,
      passageBytes: passages.bytes,
      droppedBytes: dropped?.bytes ?? 0,
      documents,
      ...entry,
    });
    entry = nextEntry();
    recordedMs = performance.now();
  }

  const ahead: Omit<Batch, "kind" | "documents" | "files">[] = [];
  async function* tasks() {
    for await (const batch of batches(options)) {
      const { kind, documents, files, ...rest } = batch;
      ahead.push(rest);
      yield { task: { kind, documents, files } };
    }
  }
  for await (const result of pool.map<CleanResult>(tasks())) {
    const { position, reports, bad, bytes } = ahead.shift()!;
    const head = Uint32Array.of(result.frame.length, result.documents);
    await spool.append(new Uint8Array(head.buffer));
    await spool.append(result.frame);
    await fingerprints.append(result.fingerprints);
    await passages.append(result.passages);
    documents += result.documents;
    addCounts(entry.account, result.account);
    entry.reports.push(...reports);
    entry.bad.push(...bad);
    for (const drop of result.dropped) {
      const key = `${drop.stage}\n${drop.reason}`;
      if (!exampled.has(key)) entry.examples.push({ ...drop, text: drop.text.slice(0, 600) });
      exampled.add(key);
    }
    if (dropped) {
      const lines = result.dropped.map((drop) => JSON.stringify(drop) + "\n").join("");
      await dropped.append(new TextEncoder().encode(lines));
    }
    for (const { documents } of Object.values(result.account.sources)) {
      progress.documents += documents;
    }
    progress.dropped += sumDrops(result.account.dropped).documents;
    onProgress({ ...progress, bytes });
    if (performance.now() - recordedMs >= RECORD_MS) await save(position);
    if (signal?.aborted) {
      await save(position);
      signal.throwIfAborted();
    }
  }
  await save({ file: files.length, documents: 0 });
}

/** The documents of all files in batches, from where reading stood. */
async function* batches(options: IngestOptions): AsyncGenerator<Batch> {
  const { files, read, skipBadFiles, from } = options;
  const start = from?.position ?? { file: 0, documents: 0 };
  let batch = emptyBatch();
  let characters = 0;
  let doneBytes = files.slice(0, start.file).reduce((sum, { size }) => sum + (size ?? 0), 0);

  function take(position: IngestPosition, bytes: number): Batch {
    const full = { ...batch, position, bytes };
    batch = emptyBatch();
    characters = 0;
    return full;
  }

  for (let file = start.file; file < files.length; file++) {
    const content = readFileDocuments(files[file], read);
    const skip = file === start.file ? start.documents : 0;
    let count = 0;
    try {
      for await (const document of content.documents) {
        if (++count <= skip) continue;
        batch.documents.push(document);
        batch.files.push(file);
        characters += document.text.length;
        if (characters >= BATCH_CHARACTERS || batch.documents.length >= BATCH_DOCUMENTS) {
          yield take({ file, documents: count }, doneBytes + content.report.bytes);
        }
      }
      if (count < skip) {
        throw new DataError(
          `Cannot go on: wanted the ${skip} documents read before, got ${count}; the file has ` +
            "changed, so begin again",
          files[file].path,
          content.report.bytes,
        );
      }
      batch.reports.push({ file, report: content.report });
    } catch (error) {
      if (!skipBadFiles || !(error instanceof DataError)) throw error;
      batch.bad.push({ file, error: error.message });
    }
    doneBytes += content.report.bytes;
  }
  yield take({ file: files.length, documents: 0 }, doneBytes);
}

function emptyBatch(): Omit<Batch, "position" | "bytes"> {
  return { kind: "clean", documents: [], files: [], reports: [], bad: [] };
}
