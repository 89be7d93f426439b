import { Buffer } from "node:buffer";
import type { Tokenizer } from "../tokenizers/mod.ts";
import type { Tokens } from "../tokens.ts";
import { type Account, countDrop, emptyAccount, emptySource } from "./account.ts";
import type { DroppedDocument } from "./clean_task.ts";
import { decodeFrame } from "./frame.ts";

/** Why a document of a frame is dropped: not at all, as an exact or as a near duplicate. */
export const DUPLICATE_KINDS = [undefined, "exact", "near"] as const;

/** A frame whose documents are to become tokens. */
export interface TokenizeTask {
  kind: "tokenize";
  frame: Uint8Array<ArrayBuffer>;
  /** For each document an index of `DUPLICATE_KINDS`. */
  duplicates: Uint8Array;
  /** What each duplicate was kept as. */
  keptAs: Uint32Array;
}

/** An example of a document that was kept. */
export interface KeptExample {
  /** Picks the examples: those with the smallest keys. */
  key: number;
  id: string;
  source: number;
  text: string;
}

/** What was made of a `TokenizeTask`. */
export interface TokenizeResult {
  /** The tokens of all documents that were kept, joined. */
  tokens: Tokens;
  /** Tokens of each of them, end-of-text included. */
  lengths: Uint32Array;
  /** For each of them whether it is for validation. */
  validation: Uint8Array;
  account: Account;
  dropped: DroppedDocument[];
  kept: KeptExample[];
}

/** What tokenizing needs. */
export interface TokenizeOptions {
  tokenizer: Tokenizer;
  /** Id put behind each document; none for tokenizers that have none. */
  endOfText?: number;
  /** Whether a text validates. */
  isValidation(text: string): boolean;
  /** Names of the files by their index. */
  keepDropped: boolean;
}

/** Examples that each frame offers. */
const EXAMPLES = 4;
const EXAMPLE_CHARACTERS = 600;

/** Turns the documents of a frame into tokens, but for the duplicates among them. */
export function tokenize(
  { frame, duplicates, keptAs }: TokenizeTask,
  { tokenizer, endOfText, isValidation, keepDropped }: TokenizeOptions,
): TokenizeResult {
  const account = emptyAccount();
  const parts: Uint32Array[] = [];
  const lengths: number[] = [];
  const validation: number[] = [];
  const dropped: DroppedDocument[] = [];
  const kept: KeptExample[] = [];
  const seen = new Set<string>();
  decodeFrame(frame).forEach(({ file, id, text }, i) => {
    const kind = DUPLICATE_KINDS[duplicates[i]];
    if (kind !== undefined) {
      countDrop(account.dropped, "dedup", kind, { bytes: Buffer.byteLength(text) });
      if (keepDropped || !seen.has(kind)) {
        const stage = "dedup";
        dropped.push({ stage, reason: kind, keptAs: keptAs[i], id, source: String(file), text });
      }
      seen.add(kind);
      return;
    }
    const ids = tokenizer.encode(text);
    const length = ids.length + (endOfText === undefined ? 0 : 1);
    parts.push(ids);
    if (endOfText !== undefined) parts.push(Uint32Array.of(endOfText));
    lengths.push(length);
    validation.push(isValidation(text) ? 1 : 0);
    const source = account.sources[file] ??= emptySource();
    source.keptDocuments++;
    source.keptBytes += Buffer.byteLength(text);
    source.keptCharacters += text.length;
    source.tokens += length;
    const bucket = Math.floor(Math.log2(Math.max(1, length)));
    account.lengths[bucket] = (account.lengths[bucket] ?? 0) + 1;
    kept.push({ key: mix(text), id, source: file, text: text.slice(0, EXAMPLE_CHARACTERS) });
  });
  const Type = tokenizer.vocabularySize <= 1 << 16 ? Uint16Array : Uint32Array;
  const tokens = new Type(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    tokens.set(part, at);
    at += part.length;
  }
  return {
    tokens,
    lengths: Uint32Array.from(lengths),
    validation: Uint8Array.from(validation),
    account,
    dropped,
    kept: kept.sort((a, b) => a.key - b.key).slice(0, EXAMPLES),
  };
}

/** A number that looks random and depends on the text's beginning and length only (FNV-1a). */
function mix(text: string): number {
  let hash = 0x811c9dc5 ^ text.length;
  for (let i = 0; i < Math.min(64, text.length); i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
