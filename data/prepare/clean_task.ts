import { Buffer } from "node:buffer";
import type { Document } from "../document.ts";
import type { Step } from "../stage.ts";
import { type Account, countDrop, emptyAccount, emptySource } from "./account.ts";
import { encodeFrame, type SpooledDocument } from "./frame.ts";

/** A document that was dropped, as `--keep-dropped` writes it. */
export interface DroppedDocument {
  stage: string;
  reason: string;
  /** What the document was kept as, where it is a duplicate. */
  keptAs?: number;
  id: string;
  source: string;
  text: string;
}

/** Documents to be cleaned, with the index of the file of each. */
export interface CleanTask {
  kind: "clean";
  documents: Document[];
  files: number[];
}

/** What was made of a `CleanTask`. */
export interface CleanResult {
  /** The documents that are left. */
  frame: Uint8Array<ArrayBuffer>;
  /** How many those are. */
  documents: number;
  /** Their fingerprints, each behind its length in one byte pair. */
  fingerprints: Uint8Array<ArrayBuffer>;
  account: Account;
  /** In the order of the documents: all of them, or the first of each reason as examples. */
  dropped: DroppedDocument[];
}

/** What cleaning needs. */
export interface CleanOptions {
  steps: readonly Step[];
  /** 16 bytes of exact hash and, for near duplicates, those of the bands. */
  fingerprint(text: string): Uint8Array;
  /** Whether all that is dropped comes back, or only examples. */
  keepDropped: boolean;
}

/** Cleans a batch of documents. */
export function clean({ documents, files }: CleanTask, options: CleanOptions): CleanResult {
  const account = emptyAccount();
  const left: SpooledDocument[] = [];
  const dropped: DroppedDocument[] = [];
  const fingerprints: Uint8Array[] = [];
  const seen = new Set<string>();
  documents.forEach((document, i) => {
    const file = files[i];
    const source = account.sources[file] ??= emptySource();
    source.documents++;
    source.bytes += Buffer.byteLength(document.text);
    const drop = applySteps(document, options.steps);
    if ("stage" in drop) {
      const { stage, reason, document: { id, text, source } } = drop;
      countDrop(account.dropped, stage, reason, { bytes: Buffer.byteLength(text) });
      const key = `${stage}\n${reason}`;
      if (options.keepDropped || !seen.has(key)) dropped.push({ stage, reason, id, source, text });
      seen.add(key);
      return;
    }
    const { id, text } = drop.document;
    left.push({ file, id, text });
    const print = options.fingerprint(text);
    fingerprints.push(Uint8Array.of(print.length & 255, print.length >> 8), print);
  });
  const joined = Buffer.concat(fingerprints);
  return {
    frame: encodeFrame(left),
    documents: left.length,
    fingerprints: new Uint8Array(joined),
    account,
    dropped,
  };
}

/** A document after the last step, or as the step that drops it got it. */
type Cleaned = { document: Document } | { document: Document; stage: string; reason: string };

function applySteps(document: Document, steps: readonly Step[]): Cleaned {
  let current = document;
  for (const step of steps) {
    const answer = step.apply(current);
    if ("drop" in answer) return { document: current, stage: step.name, reason: answer.drop };
    current = answer;
  }
  return current.text === ""
    ? { document: current, stage: "text", reason: "empty" }
    : { document: current };
}
