/**
 * Tokens of raw sources on the disk: one file of ids, u16 or u32, and a journal. Row r is the tokens
 * r·T to r·T + T; each block of rows has a hash over its tokens, the border token behind it
 * included. Each entry of the journal is about what was on the disk before.
 */
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { AppendFile } from "../append_file.ts";
import { DataError } from "../errors.ts";
import { Journal } from "../prepare/mod.ts";
import type { Tokens } from "../tokens.ts";
import type { RawPosition } from "./tokens.ts";

/** The shape of a store; a store of another one is no store. */
export interface StoreShape {
  /** Tells its sources, tokenizer and context from others. */
  key: string;
  /** Tokens of a row but one, T. */
  context: number;
  /** Rows of each block but the last. */
  blockRows: number;
  /** 16 bits an id are enough up to 65,536, 32 bits above. */
  vocabularySize: number;
}

/** What a store holds. */
export interface StoreContent {
  /** SHA-256 of each whole block, at the end also of the last one. */
  sha256: string[];
  /** SHA-256 of what there is of the block begun. */
  begun?: string;
  /** Tokens of all blocks and of the one begun. */
  tokens: number;
  /** Where reading the sources stood behind them. @default at the beginning */
  position?: RawPosition;
  /** Whether there are no more to come. */
  ended: boolean;
}

interface StartEntry {
  type: "start";
  key: string;
}

/** Blocks that were made since the entry before. */
interface BlocksEntry {
  type: "blocks" | "end";
  sha256: string[];
  /** SHA-256 of the ids of the block begun, its border token included. */
  begun: string;
  tokens: number;
  position?: RawPosition;
}

type Entry = StartEntry | BlocksEntry;

/** Room for ids of a vocabulary. */
export function newTokens({ vocabularySize }: StoreShape, length: number): Tokens {
  return vocabularySize <= 1 << 16 ? new Uint16Array(length) : new Uint32Array(length);
}

/** The path of the ids in the folder of a store. */
export function tokensPath(folder: string): string {
  return join(folder, "tokens");
}

function journalPath(folder: string): string {
  return join(folder, "journal.jsonl");
}

/**
 * What a folder holds; nothing, if it is no store of that key.
 *
 * @throws {DataError} where its journal is damaged
 */
export async function readStore(folder: string, key: string): Promise<StoreContent> {
  const { journal, entries } = await openJournal(folder);
  journal[Symbol.dispose]();
  return contentOf(entries, key);
}

/** Writes tokens into a store, or goes on with one. */
export class StoreWriter implements Disposable {
  #shape: StoreShape;
  #journal: Journal<Entry>;
  #file: AppendFile;
  #content: StoreContent;
  /** The block begun, how many ids it has, and how many of them are on the disk. */
  #block: Tokens;
  #filled = 0;
  #written = 0;

  private constructor(
    shape: StoreShape,
    journal: Journal<Entry>,
    file: AppendFile,
    content: StoreContent,
  ) {
    this.#shape = shape;
    this.#journal = journal;
    this.#file = file;
    this.#content = content;
    this.#block = newTokens(shape, shape.blockRows * shape.context + 1);
  }

  /**
   * Opens a folder, which is made where it is missing; what it holds of another key is forgotten.
   *
   * @throws {DataError} where tokens that the journal tells of are missing or damaged
   */
  static async open(folder: string, shape: StoreShape): Promise<StoreWriter> {
    let { journal, entries } = await openJournal(folder);
    if (!isOf(entries, shape.key)) {
      journal[Symbol.dispose]();
      await Deno.remove(journalPath(folder));
      ({ journal, entries } = await openJournal(folder));
      await journal.record({ type: "start", key: shape.key });
    }
    const content = contentOf(entries, shape.key);
    const bytes = newTokens(shape, 1).BYTES_PER_ELEMENT;
    const file = await AppendFile.open(tokensPath(folder), content.tokens * bytes);
    const writer = new StoreWriter(shape, journal, file, content);
    await writer.#restore(tokensPath(folder));
    return writer;
  }

  /** What is on the disk. */
  get content(): StoreContent {
    return this.#content;
  }

  /**
   * Takes tokens in.
   *
   * @param position where reading stands behind them
   * @returns whether a block was completed, which is on the disk then
   */
  async add(ids: Uint32Array, position: RawPosition): Promise<boolean> {
    const sha256: string[] = [];
    for (let at = 0; at < ids.length;) {
      const count = Math.min(ids.length - at, this.#block.length - this.#filled);
      this.#block.set(ids.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled < this.#block.length) break;
      sha256.push(hashOf(this.#block));
      await this.#write();
      this.#block[0] = this.#block[this.#filled - 1];
      this.#filled = this.#written = 1;
    }
    if (sha256.length > 0) await this.#record({ type: "blocks", sha256, position });
    return sha256.length > 0;
  }

  /** Ends the store with what is in the block begun. */
  async end(): Promise<void> {
    const { context } = this.#shape;
    const rows = Math.floor((this.#filled - 1) / context);
    const sha256 = rows > 0 ? [hashOf(this.#block.subarray(0, rows * context + 1))] : [];
    await this.#record({ type: "end", sha256 });
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.#journal[Symbol.dispose]();
    this.#file[Symbol.dispose]();
  }

  async #write(): Promise<void> {
    const { buffer, byteOffset, byteLength } = this.#block.subarray(this.#written, this.#filled);
    await this.#file.append(new Uint8Array(buffer, byteOffset, byteLength));
    this.#written = this.#filled;
  }

  async #record(about: Omit<BlocksEntry, "tokens" | "begun">): Promise<void> {
    await this.#write();
    await this.#file.sync();
    const tokens = this.#file.bytes / this.#block.BYTES_PER_ELEMENT;
    const entry = { ...about, tokens, begun: hashOf(this.#block.subarray(0, this.#filled)) };
    await this.#journal.record(entry);
    addEntry(this.#content, entry);
  }

  /** Brings back the block begun. */
  async #restore(path: string): Promise<void> {
    const { sha256, tokens, ended } = this.#content;
    if (ended || tokens === 0) return;
    const first = sha256.length * (this.#block.length - 1);
    const begun = this.#block.subarray(0, tokens - first);
    await readTokens(path, first, begun, this.#content.begun!);
    this.#filled = this.#written = begun.length;
  }
}

/**
 * Fills an array with the tokens of a file from `first` on.
 *
 * @throws {DataError} where their SHA-256 is not the one that is expected
 */
export async function readTokens(
  path: string,
  first: number,
  into: Tokens,
  expected: string,
): Promise<void> {
  using file = await Deno.open(path);
  await file.seek(first * into.BYTES_PER_ELEMENT, Deno.SeekMode.Start);
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  let done = 0;
  while (done < bytes.length) {
    const count = await file.read(bytes.subarray(done));
    if (count === null) break;
    done += count;
  }
  const found = hashOf(into);
  if (done === bytes.length && found === expected) return;
  throw new DataError(
    `Cannot read tokens: wanted sha256 ${expected} of ${bytes.length} bytes, got ${found} of ` +
      `${done}; remove the folder, they are made again`,
    path,
    first * into.BYTES_PER_ELEMENT,
  );
}

/** SHA-256 of tokens, in hexadecimal. */
export function hashOf(tokens: Tokens): string {
  return createHash("sha256").update(tokens).digest("hex");
}

async function openJournal(folder: string) {
  await Deno.mkdir(folder, { recursive: true });
  return await Journal.open<Entry>(journalPath(folder));
}

function isOf([start]: readonly Entry[], key: string): boolean {
  return start?.type === "start" && start.key === key;
}

function contentOf(entries: readonly Entry[], key: string): StoreContent {
  const content: StoreContent = { sha256: [], tokens: 0, ended: false };
  if (isOf(entries, key)) { for (const entry of entries) addEntry(content, entry); }
  return content;
}

function addEntry(content: StoreContent, entry: Entry): void {
  if (entry.type === "start") return;
  content.sha256.push(...entry.sha256);
  content.begun = entry.begun;
  content.tokens = entry.tokens;
  content.position = entry.position;
  content.ended = entry.type === "end";
}
