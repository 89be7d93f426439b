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
import { mainText } from "../sources/mod.ts";
import { parseTokenizer, type Tokenizer } from "../tokenizers/mod.ts";
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
  /** Whether documents may be web pages, whose main text is to be found first. */
  webPages: boolean;
  dedup: "exact" | "minhash" | "none";
  /** What must not repeat in the whole corpus. */
  corpusPassages?: PassageUnit;
  evaluation?: DecontaminationOptions;
  /** A tokenizer.json, as UTF-8. */
  tokenizer: Uint8Array;
  /** Id put behind each document. */
  endOfText?: number;
  validationFraction: number;
  seed: number;
  keepDropped: boolean;
}

/** Ids to be shown as text, each alone. */
export interface DecodeTask {
  kind: "decode";
  ids: number[];
}

/** What it is asked. */
export type WorkerTask = CleanTask | TokenizeTask | DecodeTask;
/** What it answers. */
export type WorkerResult = CleanResult | TokenizeResult | string[];

serveTasks<WorkerSetup, WorkerTask, WorkerResult>((setup) => {
  let cleaning: Promise<Work<CleanTask, CleanResult>> | undefined;
  let tokenizing: Work<TokenizeTask | DecodeTask, WorkerResult> | undefined;
  return async (task) =>
    task.kind === "clean"
      ? (await (cleaning ??= cleaner(setup)))(task)
      : (tokenizing ??= tokenizer(setup))(task);
});

async function cleaner(setup: WorkerSetup): Promise<Work<CleanTask, CleanResult>> {
  const { cleaning, webPages, dedup, corpusPassages: unit, keepDropped } = setup;
  const steps = [...webPages ? [await mainText()] : [], ...await buildSteps(cleaning)];
  const fingerprint = dedup === "none" ? () => new Uint8Array(0) : fingerprinter({ kind: dedup });
  const hashPassages = unit &&
    passageHasher({ unit, minCharacters: cleaning.minRepeatedCharacters });
  return (task) => {
    const result = clean(task, { steps, fingerprint, hashPassages, keepDropped });
    const { frame, fingerprints, passages } = result;
    return { result, transfer: [frame.buffer, fingerprints.buffer, passages.buffer] };
  };
}

function tokenizer(setup: WorkerSetup): Work<TokenizeTask | DecodeTask, WorkerResult> {
  const { dedup, corpusPassages, evaluation, validationFraction, seed } = setup;
  const fingerprint = fingerprinter({ kind: "exact" });
  const cuts = corpusPassages !== undefined || evaluation?.mode === "cut";
  const json = JSON.parse(new TextDecoder().decode(setup.tokenizer));
  const tokenizer = parseTokenizer(json, "tokenizer.json");
  const options: TokenizeOptions = {
    tokenizer,
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
    if (task.kind === "decode") return { result: task.ids.map((id) => show(tokenizer, id)) };
    const result = tokenize(task, options);
    return { result, transfer: [result.tokens.buffer as ArrayBuffer] };
  };
}

/** The text of a token, or the bytes of one that is a part of a character. */
function show(tokenizer: Tokenizer, id: number): string {
  const text = tokenizer.decode([id]);
  return text.includes("\uFFFD") ? `<${tokenizer.bytes(id).toHex()}>` : text;
}
