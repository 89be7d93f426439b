import { AppendFile } from "../append_file.ts";
import type { PackingAccounting } from "../packing/mod.ts";
import { type Account, addCounts, emptyAccount, sumDrops } from "./account.ts";
import type { DroppedDocument } from "./clean_task.ts";
import { type FramesOptions, readFrames } from "./frames.ts";
import type { WorkerPool } from "./pool.ts";
import type { PrepareProgress } from "./progress.ts";
import { Split, type SplitOptions, type SplitState } from "./split.ts";
import { TokenCounts, type TokenFrequencies } from "./token_counts.ts";
import type { Excerpt, KeptExample, TokenizeResult } from "./tokenize_task.ts";
import type { WorkerResult, WorkerSetup, WorkerTask } from "./worker.ts";

/** Time between two entries of the journal. */
const RECORD_MS = 2000;
/** Documents kept that the report shows. */
const KEPT_EXAMPLES = 12;
/** Characters of a dropped document that the report shows. */
const EXAMPLE_CHARACTERS = 600;

/** What the journal says of packing since the entry before. */
export interface PackEntry {
  type: "pack";
  /** Offset of the next frame in the spool. */
  spoolBytes: number;
  /** Number of its first document. */
  document: number;
  /** Length of the file of dropped documents. */
  droppedBytes: number;
  /** Which of the two states on the disk belong to this entry. */
  generation: number;
  splits: Record<string, SplitState>;
  account: Account;
  examples: DroppedDocument[];
  kept: KeptExample[];
  /** Documents that were to be shown, by their numbers. */
  shown: Record<number, Excerpt>;
}

/** Options of `pack`. */
export interface PackOptions extends SplitOptions, FramesOptions {
  /** Where to keep what is dropped, as JSON lines. */
  dropped?: string;
  /** Names of the files by their index. */
  names: readonly string[];
  /** Id behind each document. */
  endOfText?: number;
  /** The splits: `[""]`, or `train` and `validation`. */
  splits: readonly string[];
  pool: WorkerPool<WorkerSetup, WorkerTask, WorkerResult>;
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
  /** How often tokens stand in the documents kept. */
  frequencies: TokenFrequencies;
  /** Makes the output whole: the last shards, then `index.json`. */
  finish(): Promise<void>;
}

/** Turns the documents of the spool into rows, and rows into shards. */
export async function pack(options: PackOptions): Promise<Packed> {
  const { spool, names, folder, vocabularySize, pool, from, record, onProgress, signal } = options;
  const { size } = await Deno.stat(spool);
  using dropped = options.dropped === undefined
    ? undefined
    : await AppendFile.open(options.dropped, from?.droppedBytes ?? 0);
  const splits = await Promise.all(
    options.splits.map((name) => Split.open(name, options, from?.splits[name])),
  );
  // Two generations of states: the one before stays whole until the journal names the new one.
  let generation = from?.generation ?? 1;
  const counts = await TokenCounts.open(folder, vocabularySize, from?.generation);
  const progress = { phase: "pack" as const, totalBytes: size, documents: 0, dropped: 0 };
  let entry = nextEntry();
  let recordedMs = performance.now();

  function nextEntry(): Pick<PackEntry, "account" | "examples" | "kept" | "shown"> {
    return { account: emptyAccount(), examples: [], kept: [], shown: {} };
  }

  async function save(spoolBytes: number, document: number): Promise<void> {
    await dropped?.sync();
    generation = 1 - generation;
    const states = await Promise.all(
      splits.map(async (split) => [split.name, await split.save(folder, generation)] as const),
    );
    await counts.save(folder, generation);
    await record({
      type: "pack",
      spoolBytes,
      document,
      droppedBytes: dropped?.bytes ?? 0,
      generation,
      splits: Object.fromEntries(states),
      ...entry,
      kept: firstExamples(entry.kept),
    });
    entry = nextEntry();
    recordedMs = performance.now();
  }

  const ahead: { end: number; document: number; wanted: number[] }[] = [];
  async function* tasks() {
    const start = { offset: from?.spoolBytes ?? 0, document: from?.document ?? 0 };
    for await (const { task, end, document } of readFrames(options, start)) {
      ahead.push({
        end,
        document,
        wanted: task.wanted.map((i) => document - task.duplicates.length + i),
      });
      yield { task };
    }
  }
  for await (const result of pool.map<TokenizeResult>(tasks())) {
    const { end, document, wanted } = ahead.shift()!;
    counts.add(result.tokens);
    let at = 0;
    for (const [i, length] of result.lengths.entries()) {
      const split = splits[splits.length > 1 ? result.validation[i] : 0];
      await split.add(result.tokens.subarray(at, at += length));
    }
    addCounts(entry.account, result.account);
    const named = result.dropped.map((drop) => ({ ...drop, source: names[Number(drop.source)] }));
    for (const drop of named) {
      const same = ({ stage, reason }: DroppedDocument) =>
        stage === drop.stage && reason === drop.reason;
      if (entry.examples.some(same)) continue;
      entry.examples.push({ ...drop, text: drop.text.slice(0, EXAMPLE_CHARACTERS) });
    }
    entry.kept.push(...result.kept);
    wanted.forEach((document, i) => entry.shown[document] = result.wanted[i]);
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
    frequencies: await counts.frequencies(
      options.endOfText,
      async (ids) => await pool.run({ kind: "decode", ids }) as string[],
    ),
    finish: async () => {
      for (const split of splits) await split.finish();
    },
  };
}

/** Those examples that are shown in the end: the ones with the smallest keys. */
export function firstExamples(examples: readonly KeptExample[]): KeptExample[] {
  return examples.toSorted((a, b) => a.key - b.key).slice(0, KEPT_EXAMPLES);
}
