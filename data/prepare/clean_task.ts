import { Buffer } from "node:buffer";
import type { Document } from "../document.ts";
import type { Step } from "../stage.ts";
import { type Account, emptyAccount, emptySource } from "./account.ts";
import { encodeFrame, type SpooledDocument } from "./frame.ts";
import { NOT_EMPTY, runSteps } from "./run_steps.ts";

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
  /** The hashes of their lines or paragraphs, each behind their number as 32 bits. */
  passages: Uint8Array<ArrayBuffer>;
  account: Account;
  /** In the order of the documents: all of them, or the first of each reason as examples. */
  dropped: DroppedDocument[];
}

/** What cleaning needs. */
export interface CleanOptions {
  steps: readonly Step[];
  /** 16 bytes of exact hash and, for near duplicates, those of the bands. */
  fingerprint(text: string): Uint8Array;
  /** Hashes of lines or paragraphs, where those are looked for in the whole corpus. */
  hashPassages?(text: string): Uint32Array;
  /** Whether all that is dropped comes back, or only examples. */
  keepDropped: boolean;
}

/** Cleans a batch of documents. */
export function clean({ documents, files }: CleanTask, options: CleanOptions): CleanResult {
  const { fingerprint, hashPassages, keepDropped } = options;
  const steps = [...options.steps, NOT_EMPTY];
  const account = emptyAccount(steps);
  const left: SpooledDocument[] = [];
  const dropped: DroppedDocument[] = [];
  const fingerprints: Uint8Array[] = [];
  const passages: Uint32Array[] = [];
  const seen = new Set<string>();
  documents.forEach((read, i) => {
    const file = files[i];
    const bytes = Buffer.byteLength(read.text);
    const source = account.sources[file] ??= emptySource();
    source.documents++;
    source.bytes += bytes;
    const { document: { id, text, source: path }, drop } = runSteps(read, bytes, steps, account);
    if (drop !== undefined) {
      const key = `${drop.stage}\n${drop.reason}`;
      if (keepDropped || !seen.has(key)) dropped.push({ ...drop, id, source: path, text });
      seen.add(key);
      return;
    }
    left.push({ file, id, text });
    const print = fingerprint(text);
    fingerprints.push(Uint8Array.of(print.length & 255, print.length >> 8), print);
    if (hashPassages === undefined) return;
    const hashes = hashPassages(text);
    passages.push(Uint32Array.of(hashes.length), hashes);
  });
  return {
    frame: encodeFrame(left),
    documents: left.length,
    fingerprints: joined(fingerprints),
    passages: joined(passages),
    account,
    dropped,
  };
}

function joined(parts: readonly (Uint8Array | Uint32Array)[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}
