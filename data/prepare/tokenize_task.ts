import { Buffer } from "node:buffer";
import { type Decontaminator, removeRepeated } from "../dedup/mod.ts";
import type { PassageUnit } from "../passages.ts";
import type { Step } from "../stage.ts";
import type { Tokenizer } from "../tokenizers/mod.ts";
import type { Tokens } from "../tokens.ts";
import { type Account, addCounts, emptyAccount, emptySource } from "./account.ts";
import type { DroppedDocument } from "./clean_task.ts";
import { decodeFrame, type SpooledDocument } from "./frame.ts";
import { runSteps } from "./run_steps.ts";

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
  /** Lines or paragraphs to take out, as pairs: index of the document, number of the passage. */
  repeated: Uint32Array;
  /** Indices of documents that are to be shown. */
  wanted: number[];
}

/** The beginning of a document, to be shown. */
export interface Excerpt {
  id: string;
  /** Index of its file. */
  source: number;
  text: string;
}

/** An example of a document that was kept. */
export interface KeptExample extends Excerpt {
  /** Picks the examples: those with the smallest keys. */
  key: number;
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
  /** The documents wanted, as cleaning left them, in the order of their indices. */
  wanted: Excerpt[];
}

/** What tokenizing needs. */
export interface TokenizeOptions {
  tokenizer: Tokenizer;
  /** Id put behind each document; none for tokenizers that have none. */
  endOfText?: number;
  /** Whether duplicates were looked for. */
  dedup: boolean;
  /** What was looked for in the whole corpus. */
  corpusPassages?: PassageUnit;
  decontamination?: Decontaminator;
  /** Limits of length, where documents may have been cut since they were cleaned. */
  limits?: Step;
  /** Whether a document of this text, as cleaning left it, validates. */
  isValidation(text: string): boolean;
  /** Whether all that is dropped comes back, or only examples. */
  keepDropped: boolean;
}

/** Examples that each frame offers. */
const EXAMPLES = 4;
const EXAMPLE_CHARACTERS = 600;

/** Turns the documents of a frame into tokens, but for the duplicates and leaks among them. */
export function tokenize(task: TokenizeTask, options: TokenizeOptions): TokenizeResult {
  const { tokenizer, endOfText, decontamination, isValidation, keepDropped } = options;
  const repeated = passagesByDocument(task.repeated);
  const account = emptyAccount(stepsOf(task, options, repeated, 0));
  const parts: Uint32Array[] = [];
  const lengths: number[] = [];
  const validation: number[] = [];
  const dropped: DroppedDocument[] = [];
  const kept: KeptExample[] = [];
  const seen = new Set<string>();
  const documents = decodeFrame(task.frame);
  documents.forEach(({ file, id, text }, i) => {
    const steps = stepsOf(task, options, repeated, i);
    const document = { id, text, source: "", metadata: {} };
    const outcome = runSteps(document, Buffer.byteLength(text), steps, account);
    const { drop, document: { text: left } } = outcome;
    if (drop !== undefined) {
      const key = `${drop.stage}\n${drop.reason}`;
      const keptAs = drop.stage === DEDUP ? { keptAs: task.keptAs[i] } : {};
      if (keepDropped || !seen.has(key)) {
        dropped.push({ ...drop, ...keptAs, id, source: String(file), text: left });
      }
      seen.add(key);
      return;
    }
    const ids = tokenizer.encode(left);
    const length = ids.length + (endOfText === undefined ? 0 : 1);
    parts.push(ids);
    if (endOfText !== undefined) parts.push(Uint32Array.of(endOfText));
    lengths.push(length);
    validation.push(isValidation(text) ? 1 : 0);
    const bytes = Buffer.byteLength(left);
    const source = account.sources[file] ??= emptySource();
    source.keptDocuments++;
    source.keptBytes += bytes;
    source.keptCharacters += left.length;
    source.tokens += length;
    countLength(account.lengths.bytes, bytes);
    countLength(account.lengths.tokens, length);
    kept.push({ key: mix(left), ...excerpt({ file, id, text: left }) });
  });
  account.evaluation = decontamination?.takeHits() ?? {};
  return {
    tokens: joinTokens(parts, tokenizer.vocabularySize),
    lengths: Uint32Array.from(lengths),
    validation: Uint8Array.from(validation),
    account,
    dropped,
    kept: kept.sort((a, b) => a.key - b.key).slice(0, EXAMPLES),
    wanted: task.wanted.map((i) => excerpt(documents[i])),
  };
}

const DEDUP = "dedup";

/** What a document goes through between spool and tokenizer. */
function stepsOf(
  { duplicates }: TokenizeTask,
  { dedup, corpusPassages: unit, decontamination, limits }: TokenizeOptions,
  repeated: ReadonlyMap<number, number[]>,
  i: number,
): Step[] {
  const steps: Step[] = [];
  if (dedup) {
    const kind = DUPLICATE_KINDS[duplicates[i]];
    steps.push({ name: DEDUP, apply: (document) => kind ? { drop: kind } : document });
  }
  if (unit) {
    const passages = repeated.get(i);
    steps.push({
      name: `repeated ${unit}s in the corpus`,
      apply(document) {
        if (passages === undefined) return document;
        const text = removeRepeated(document.text, passages, unit);
        return text === "" ? { drop: "nothing is left" } : { ...document, text };
      },
    });
  }
  if (decontamination) steps.push(decontamination);
  if (limits) steps.push({ ...limits, name: "length of what is left" });
  return steps;
}

function passagesByDocument(pairs: Uint32Array): Map<number, number[]> {
  const passages = new Map<number, number[]>();
  for (let at = 0; at < pairs.length; at += 2) {
    const [document, passage] = pairs.subarray(at, at + 2);
    const known = passages.get(document);
    if (known === undefined) passages.set(document, [passage]);
    else known.push(passage);
  }
  return passages;
}

function joinTokens(parts: readonly Uint32Array[], vocabularySize: number): Tokens {
  const Type = vocabularySize <= 1 << 16 ? Uint16Array : Uint32Array;
  const tokens = new Type(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    tokens.set(part, at);
    at += part.length;
  }
  return tokens;
}

function excerpt({ file, id, text }: SpooledDocument): Excerpt {
  return { id, source: file, text: text.slice(0, EXAMPLE_CHARACTERS) };
}

function countLength(counts: Record<string, number>, length: number): void {
  addCounts(counts, { [Math.floor(Math.log2(Math.max(1, length)))]: 1 });
}

/** A number that looks random and depends on the text's beginning and length only (FNV-1a). */
function mix(text: string): number {
  let hash = 0x811c9dc5 ^ text.length;
  for (let i = 0; i < Math.min(64, text.length); i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
