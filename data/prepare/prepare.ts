import { join } from "@std/path";
import { AppendFile } from "../append_file.ts";
import { type DecontaminationOptions, decontaminator, type EvaluationSize } from "../dedup/mod.ts";
import { holdsPages, listSources, type SourceFile } from "../sources/mod.ts";
import { type EvaluationFiles, readEvaluationSets } from "./evaluation_sets.ts";
import { DUPLICATE_FIELDS, type DuplicateSummary, findDuplicates } from "./find_duplicates.ts";
import { findDone } from "./find_done.ts";
import { findRepeated, REPEATED_FIELDS } from "./find_repeated.ts";
import { ingest } from "./ingest.ts";
import { assertBalanced, makeManifest, type Manifest, namedDuplicates } from "./manifest.ts";
import { describeTokenizer, type TokenizerFacts } from "./open_tokenizer.ts";
import {
  checkOptions,
  keyOf,
  type PrepareOptions,
  type PrepareRun,
  recordedOptions,
  VERSION,
} from "./options.ts";
import { pack, type Packed } from "./pack.ts";
import { WorkerPool } from "./pool.ts";
import { writeRecordList } from "./record_list.ts";
import { reportHtml, type ShownDocument } from "./report/mod.ts";
import type { Excerpt } from "./tokenize_task.ts";
import { Work } from "./work.ts";
import type { WorkerResult, WorkerSetup, WorkerTask } from "./worker.ts";

/**
 * Makes packed, checksummed shards of raw corpora: reads, cleans, drops duplicates, tokenizes, packs
 * and writes, in memory that does not grow with the corpus. The folder gets the shards, a
 * `manifest.json` and a `report.html`. After a crash the same call goes on where it stopped, to the
 * same bytes; once it is done, the same call returns at once.
 *
 * @throws {RangeError} where an option is out of range or the folder holds something else
 * @throws {DataError} where a source can't be read
 * @throws the signal's reason, where it is aborted
 */
export async function prepare(options: PrepareOptions, run: PrepareRun = {}): Promise<Manifest> {
  const startedAt = new Date();
  checkOptions(options);
  const { out, packing = "concat", format = "mds", dedup = "exact" } = options;
  const { removeRepeated, repeatedIn, validationFraction = 0, seed = 1 } = options;
  const { workers, keepDropped, signal, onProgress = () => {} } = run;
  const tokenizer = await describeTokenizer(options.tokenizer, options.endOfText);
  const files = await listSources(options.data, { signal });
  const evaluation = await openEvaluation(options, signal);
  const key = keyOf(options, { files, tokenizer, evaluation: evaluation.sets });
  const done = await findDone(out, key);
  if (done !== undefined) return done;
  using work = await Work.open(out, key);
  if (keepDropped !== undefined) await Deno.mkdir(keepDropped, { recursive: true });
  const lost = (name: string) => keepDropped === undefined ? undefined : join(keepDropped, name);
  const follow = { onProgress, signal };
  const spool = work.path("documents");
  const fingerprints = work.path("fingerprints");
  const passages = work.path("passages");
  const duplicates = work.path("duplicates");
  const repeated = work.path("repeated");
  const sorting = work.path("sorting");
  // Other workers for each phase: what those before have gathered goes with them.
  const openPool = () =>
    new WorkerPool<WorkerSetup, WorkerTask, WorkerResult>({
      module: new URL("./worker.ts", import.meta.url),
      setup: {
        cleaning: options,
        webPages: files.some((file) => holdsPages(file, options)),
        corpusPassages: repeatedIn === "corpus" ? removeRepeated : undefined,
        evaluation: evaluation.options,
        tokenizer: tokenizer.json,
        endOfText: tokenizer.endOfText,
        keepDropped: keepDropped !== undefined,
        ...{ dedup, validationFraction, seed },
      },
      workers,
    });

  if (work.ingest?.position.file !== files.length) {
    using pool = openPool();
    await ingest({
      ...follow,
      files,
      read: { ...options, webPages: "html" },
      skipBadFiles: options.skipBadFiles ?? false,
      into: { spool, fingerprints, passages, dropped: lost("cleaning.jsonl") },
      pool,
      from: work.ingest,
      done: work.cleaned,
      record: (entry) => work.record(entry),
    });
  }
  const { documents } = work.ingest!;
  if (work.duplicates === undefined) {
    const found = dedup === "none" ? await noDuplicates(duplicates) : await findDuplicates({
      ...follow,
      fingerprints,
      documents,
      folder: sorting,
      list: duplicates,
    });
    await work.record({ type: "dedup", duplicates: found });
  }
  if (work.repeated === undefined) {
    const found = repeatedIn === "corpus"
      ? await findRepeated({
        ...follow,
        ...{ passages, duplicates, documents, folder: sorting, list: repeated },
      })
      : await writeRecordList(repeated, REPEATED_FIELDS, []);
    await work.record({ type: "repeated", passages: found });
  }
  using pool = openPool();
  const packed = await pack({
    ...follow,
    ...{ spool, duplicates, repeated, out, format, pool, folder: work.folder },
    wanted: namedDuplicates(work),
    dropped: lost("duplicates.jsonl"),
    names: files.map(({ name }) => name),
    splits: validationFraction > 0 ? ["train", "validation"] : [""],
    context: options.context,
    vocabularySize: tokenizer.vocabularySize,
    endOfText: tokenizer.endOfText,
    strategy: packing,
    padId: tokenizer.endOfText ?? 0,
    shardBytes: options.shardBytes,
    from: work.pack,
    done: work.packed,
    record: (entry) => work.record(entry),
  });
  return await finish({ work, packed, options, files, evaluation, tokenizer, startedAt });
}

/** What is looked for, how, and how much of it there is. */
interface Evaluation {
  sets: (EvaluationFiles & EvaluationSize)[];
  options?: DecontaminationOptions;
}

async function openEvaluation(options: PrepareOptions, signal?: AbortSignal): Promise<Evaluation> {
  const { decontaminate = [], decontaminateFields: fields } = options;
  if (decontaminate.length === 0) return { sets: [] };
  const sets = await readEvaluationSets(decontaminate, { fields, signal });
  const looking = {
    sets: sets.map(({ name, texts }) => ({ name, texts })),
    n: options.decontaminateWords,
    mode: options.decontaminateMode,
  };
  const sizes = decontaminator(looking).sets;
  return { sets: sets.map((set, i) => ({ ...set, ...sizes[i] })), options: looking };
}

interface Finishing {
  work: Work;
  packed: Packed;
  options: PrepareOptions;
  files: readonly SourceFile[];
  evaluation: Evaluation;
  tokenizer: TokenizerFacts;
  startedAt: Date;
}

/** Writes manifest and report, then what makes the shards whole, and clears up. */
async function finish(
  { work, packed, options, files, evaluation, tokenizer, startedAt }: Finishing,
): Promise<Manifest> {
  const names = files.map(({ name }) => name);
  const manifest = makeManifest({
    options: recordedOptions(options),
    names,
    work,
    evaluation: evaluation.sets,
    tokenizer: {
      sha256: tokenizer.sha256,
      vocabularySize: tokenizer.vocabularySize,
      endOfText: tokenizer.endOfText ?? null,
    },
    frequencies: packed.frequencies,
    splits: packed.accounting,
    version: VERSION,
    seed: options.seed ?? 1,
    startedAt,
  });
  assertBalanced(manifest);
  const shown = ({ id, source, text }: Excerpt): ShownDocument => ({
    id,
    source: names[source],
    text,
  });
  const report = reportHtml(manifest, {
    kept: work.kept.map(shown),
    dropped: work.dropped,
    duplicates: work.duplicates!.clusters.examples.map(({ kind, document, keptAs }) => ({
      kind: kind === "exact" ? kind : "near",
      dropped: shown(work.shown[document]),
      kept: shown(work.shown[keptAs]),
    })),
  });
  await writeBeside(join(options.out, "report.html"), report);
  await writeBeside(
    join(options.out, "manifest.json"),
    JSON.stringify(manifest, null, 2) + "\n",
  );
  await writeBeside(
    join(options.out, "tokenizer.json"),
    new TextDecoder().decode(tokenizer.json) + "\n",
  );
  await packed.finish();
  await work.remove();
  return manifest;
}

async function noDuplicates(list: string): Promise<DuplicateSummary> {
  await writeRecordList(list, DUPLICATE_FIELDS, []);
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
