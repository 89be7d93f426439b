/** What the workers of `prepare` run: cleaning, later tokenizing. */
import {
  type DecontaminationOptions,
  decontaminator,
  fingerprinter,
  passageHasher,
  splitOf,
} from "../dedup/mod.ts";
import { buildSteps, type CleaningOptions, lengthLimits } from "../filters/mod.ts";
import type { PassageUnit } from "../passages.ts";
import { parseTokenizer } from "../tokenizers/mod.ts";
import { clean, type CleanResult, type CleanTask } from "./clean_task.ts";
import { serveTasks, type Work } from "./pool.ts";
import {
  tokenize,
  type TokenizeOptions,
  type TokenizeResult,
  type TokenizeTask,
} from "./tokenize_task.ts";

/** What a worker must know before its first task; plain values. */
export interface WorkerSetup {
  cleaning: CleaningOptions;
  dedup: "exact" | "minhash" | "none";
  /** What must not repeat in the whole corpus. */
  corpusPassages?: PassageUnit;
  evaluation?: DecontaminationOptions;
  /** The content of a tokenizer.json. */
  tokenizer: unknown;
  /** Id put behind each document. */
  endOfText?: number;
  validationFraction: number;
  seed: number;
  keepDropped: boolean;
}

/** What it is asked. */
export type WorkerTask = CleanTask | TokenizeTask;
/** What it answers. */
export type WorkerResult = CleanResult | TokenizeResult;

serveTasks<WorkerSetup, WorkerTask, WorkerResult>((setup) => {
  let cleaning: Promise<Work<CleanTask, CleanResult>> | undefined;
  let tokenizing: Work<TokenizeTask, TokenizeResult> | undefined;
  return async (task) => {
    if (task.kind === "clean") return (await (cleaning ??= cleaner(setup)))(task);
    cleaning = undefined; // what it holds is needed no more
    return (tokenizing ??= tokenizer(setup))(task);
  };
});

async function cleaner(setup: WorkerSetup): Promise<Work<CleanTask, CleanResult>> {
  const { cleaning, dedup, corpusPassages: unit, keepDropped } = setup;
  const steps = await buildSteps(cleaning);
  const fingerprint = dedup === "none" ? () => new Uint8Array(0) : fingerprinter({ kind: dedup });
  const hashPassages = unit &&
    passageHasher({ unit, minCharacters: cleaning.minRepeatedCharacters });
  return (task) => {
    const result = clean(task, { steps, fingerprint, hashPassages, keepDropped });
    const { frame, fingerprints, passages } = result;
    return { result, transfer: [frame.buffer, fingerprints.buffer, passages.buffer] };
  };
}

function tokenizer(setup: WorkerSetup): Work<TokenizeTask, TokenizeResult> {
  const { dedup, corpusPassages, evaluation, validationFraction, seed } = setup;
  const fingerprint = fingerprinter({ kind: "exact" });
  const cuts = corpusPassages !== undefined || evaluation?.mode === "cut";
  const options: TokenizeOptions = {
    tokenizer: parseTokenizer(setup.tokenizer, "tokenizer.json"),
    endOfText: setup.endOfText,
    dedup: dedup !== "none",
    corpusPassages,
    decontamination: evaluation && decontaminator(evaluation),
    limits: cuts ? lengthLimits(setup.cleaning) : undefined,
    isValidation: (text) =>
      validationFraction > 0 &&
      splitOf(fingerprint(text), validationFraction, seed) === "validation",
    keepDropped: setup.keepDropped,
  };
  return (task) => {
    const result = tokenize(task, options);
    return { result, transfer: [result.tokens.buffer as ArrayBuffer] };
  };
}
