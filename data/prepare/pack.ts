import { join } from "@std/path";
import { AppendFile } from "../append_file.ts";
import {
  assertConserved,
  type Packer,
  packer,
  type PackingAccounting,
  type PackingStrategy,
  type Row,
} from "../packing/mod.ts";
import { BinWriter, type BinWriterState, MdsWriter, type MdsWriterState } from "../shards/mod.ts";
import { type Account, addCounts, emptyAccount, sumDrops } from "./account.ts";
import type { DroppedDocument } from "./clean_task.ts";
import { FileReader } from "./file_reader.ts";
import { type Duplicate, readDuplicates } from "./find_duplicates.ts";
import type { WorkerPool } from "./pool.ts";
import type { PrepareProgress } from "./progress.ts";
import type { KeptExample, TokenizeResult, TokenizeTask } from "./tokenize_task.ts";
import type { TokenizeSetup } from "./tokenize_worker.ts";

/** Time between two entries of the journal. */
const RECORD_MS = 2000;
/** Characters of a dropped document that the report shows. */
const EXAMPLE_CHARACTERS = 600;

/** Where one side of the split stands. */
interface SplitState {
  /** Name of the file that holds the packer's state. */
  packer: string;
  writer: MdsWriterState | BinWriterState;
}

/** What the journal says of packing since the entry before. */
export interface PackEntry {
  type: "pack";
  /** Offset of the next frame in the spool. */
  spoolBytes: number;
  /** Number of its first document. */
  document: number;
  /** Length of the file of dropped documents. */
  droppedBytes: number;
  splits: Record<string, SplitState>;
  account: Account;
  examples: DroppedDocument[];
  kept: KeptExample[];
}

/** Options of `pack`. */
export interface PackOptions {
  spool: string;
  /** The list of duplicates. */
  duplicates: string;
  /** Where to keep what is dropped, as JSON lines. */
  dropped?: string;
  /** Names of the files by their index. */
  names: readonly string[];
  out: string;
  /** Folder for the states of the packers. */
  folder: string;
  /** The splits: `[""]`, or `train` and `validation`. */
  splits: readonly string[];
  context: number;
  vocabularySize: number;
  strategy: PackingStrategy;
  padId: number;
  format: "mds" | "bin";
  shardBytes?: number;
  pool: WorkerPool<TokenizeSetup, TokenizeTask, TokenizeResult>;
  /** The last entry of an interrupted run. */
  from?: PackEntry;
  record(entry: PackEntry): Promise<void>;
  onProgress(progress: PrepareProgress): void;
  signal?: AbortSignal;
}

/** What was packed, all but the last step. */
export interface Packed {
  /** Where the tokens went, by split. */
  accounting: Record<string, PackingAccounting>;
  /** Makes the output whole: the last shards, then `index.json`. */
  finish(): Promise<void>;
}

/** Turns the documents of the spool into rows, and rows into shards. */
export async function pack(options: PackOptions): Promise<Packed> {
  const { spool, duplicates, names, folder, pool, from, record, onProgress, signal } = options;
  const { size } = await Deno.stat(spool);
  using dropped = options.dropped === undefined
    ? undefined
    : await AppendFile.open(options.dropped, from?.droppedBytes ?? 0);
  const splits = await Promise.all(options.splits.map((name) => Split.open(name, options)));
  let entry = nextEntry();
  let entries = 0;
  let recordedMs = performance.now();
  const progress = { phase: "pack" as const, totalBytes: size, documents: 0, dropped: 0 };

  function nextEntry(): Pick<PackEntry, "account" | "examples" | "kept"> {
    return { account: emptyAccount(), examples: [], kept: [] };
  }

  async function save(spoolBytes: number, document: number): Promise<void> {
    await dropped?.sync();
    // Two generations: the one before stays whole until the journal names the new one.
    const generation = entries++ % 2;
    const states = await Promise.all(
      splits.map(async (split) => [split.name, await split.save(folder, generation)] as const),
    );
    await record({
      type: "pack",
      spoolBytes,
      document,
      droppedBytes: dropped?.bytes ?? 0,
      splits: Object.fromEntries(states),
      ...entry,
    });
    entry = nextEntry();
    recordedMs = performance.now();
  }

  // A resumed run begins with the other generation of states than the one it came from.
  if (from && Object.values(from.splits)[0].packer.endsWith("0")) entries = 1;
  const ahead: { end: number; document: number }[] = [];
  async function* tasks() {
    const start = { offset: from?.spoolBytes ?? 0, document: from?.document ?? 0 };
    for await (const { task, end, document } of frames(spool, duplicates, start)) {
      ahead.push({ end, document });
      yield { task };
    }
  }
  for await (const result of pool.map(tasks())) {
    const { end, document } = ahead.shift()!;
    let at = 0;
    for (const [i, length] of result.lengths.entries()) {
      const split = splits[splits.length > 1 ? result.validation[i] : 0];
      await split.add(result.tokens.subarray(at, at += length));
    }
    addCounts(entry.account, result.account);
    const named = result.dropped.map((drop) => ({ ...drop, source: names[Number(drop.source)] }));
    for (const drop of named) {
      if (entry.examples.some(({ reason }) => reason === drop.reason)) continue;
      entry.examples.push({ ...drop, text: drop.text.slice(0, EXAMPLE_CHARACTERS) });
    }
    entry.kept.push(...result.kept);
    if (dropped) {
      const lines = named.map((drop) => JSON.stringify(drop) + "\n").join("");
      await dropped.append(new TextEncoder().encode(lines));
    }
    progress.dropped += sumDrops(result.account.dropped).documents;
    progress.documents = document;
    onProgress({ ...progress, bytes: end });
    if (performance.now() - recordedMs >= RECORD_MS) await save(end, document);
    if (signal?.aborted) {
      await save(end, document);
      signal.throwIfAborted();
    }
  }
  await save(size, progress.documents);
  for (const split of splits) await split.flush();
  return {
    accounting: Object.fromEntries(splits.map(({ name, accounting }) => [name, accounting])),
    finish: async () => {
      for (const split of splits) await split.finish();
    },
  };
}

/** One side of the split: a packer and a writer. */
class Split {
  #packer: Packer;
  #writer: MdsWriter | BinWriter;

  private constructor(readonly name: string, packer: Packer, writer: MdsWriter | BinWriter) {
    this.#packer = packer;
    this.#writer = writer;
  }

  static async open(name: string, options: PackOptions): Promise<Split> {
    const { out, folder, context, vocabularySize, strategy, padId, format, from } = options;
    const state = from?.splits[name];
    const isWhole = strategy === "best-fit";
    const rows = packer({
      ...{ strategy, context, vocabularySize, padId },
      state: state && await Deno.readFile(join(folder, state.packer)),
    });
    const place = join(out, name);
    if (format === "mds") {
      const columns = { documentIds: isWhole, weights: isWhole };
      const options_ = { context, vocabularySize, shardBytes: options.shardBytes, ...columns };
      const writer = await MdsWriter.open(place, options_, state?.writer as MdsWriterState);
      return new Split(name, rows, writer);
    }
    await Deno.mkdir(place, { recursive: true });
    const writer = await BinWriter.open(
      join(place, "tokens.bin"),
      { vocabularySize },
      state?.writer as BinWriterState,
    );
    return new Split(name, rows, writer);
  }

  get accounting(): PackingAccounting {
    return { ...this.#packer.accounting };
  }

  async add(tokens: Row["tokens"]): Promise<void> {
    for (const row of this.#packer.add({ tokens })) await this.#writer.write(row);
  }

  /** Brings all to the disk. */
  async save(folder: string, generation: number): Promise<SplitState> {
    const packer = `packer-${this.name}-${generation}`;
    {
      using file = await AppendFile.open(join(folder, packer), 0);
      await file.append(this.#packer.state());
      await file.sync();
    }
    return { packer, writer: await this.#writer.state() };
  }

  /** Gives the last rows out. */
  async flush(): Promise<void> {
    for (const row of this.#packer.flush()) await this.#writer.write(row);
    assertConserved(this.#packer.accounting);
  }

  async finish(): Promise<void> {
    await this.#writer.finish();
  }
}

/** The frames of the spool with the duplicates among their documents. */
async function* frames(
  spool: string,
  list: string,
  start: { offset: number; document: number },
): AsyncGenerator<{ task: TokenizeTask; end: number; document: number }> {
  using reader = await FileReader.open(spool, start.offset);
  const duplicates = readDuplicates(list, start.document);
  let next: Duplicate | undefined = (await duplicates.next()).value ?? undefined;
  let { document } = start;
  for (let head; (head = await reader.read(8)) !== null;) {
    const [bytes, documents] = new Uint32Array(head.buffer);
    const frame = (await reader.read(bytes))!;
    const kinds = new Uint8Array(documents);
    const keptAs = new Uint32Array(documents);
    while (next !== undefined && next.document < document + documents) {
      kinds[next.document - document] = next.kind === "exact" ? 1 : 2;
      keptAs[next.document - document] = next.keptAs;
      next = (await duplicates.next()).value ?? undefined;
    }
    document += documents;
    yield {
      task: { kind: "tokenize", frame, duplicates: kinds, keptAs },
      end: reader.offset,
      document,
    };
  }
  await duplicates.return(undefined);
}
