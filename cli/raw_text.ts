/** Text, or documents in any format, as tokens: in memory where they are few, else as they come. */
import {
  collectTokens,
  findRawSource,
  openRawSet,
  type RawSet,
  type RawSource,
  readRawTexts,
  readRawTokens,
  type Tokenizer,
  type Tokens,
} from "../data/mod.ts";
import { join } from "@std/path";
import { exists, holdsDocuments } from "./data_sources.ts";

/** Tokens, and bytes of files, up to which all raw data is tokenized before training begins. */
const MOST_TOKENS = 1 << 24;
const MOST_BYTES = 1 << 27;

/** A file of data, and what it was when it was read or looked up. */
export interface InputFile {
  path: string;
  /** Hash of its bytes, in hexadecimal; of shards that of their index. */
  sha256?: string;
  /** Where it is read while training: its size in bytes, and its time of change or ETag. */
  size?: number;
  version?: string;
}

/** Options of {@linkcode readRaw}. */
export interface RawOptions {
  /** Column of the text, in files that have columns. @default "text" */
  textField?: string;
}

/** Raw data of a run. */
export interface RawData {
  /** Names it in messages. */
  path: string;
  source: RawSource;
  tokenizer: Tokenizer;
  files: InputFile[];
  /** All its tokens, where they are few enough to be held in memory. */
  tokens?: Tokens;
  /** Where its tokens are kept otherwise. */
  folder: string;
}

/** The texts of sources, as a tokenizer learns them. */
export async function readRawText(
  sources: readonly string[],
  options: RawOptions,
): Promise<ReadableStream<string>> {
  return ReadableStream.from(readRawTexts(await findRaw(sources, options)));
}

/** Finds the files of sources. Plain texts are joined; documents are parted by end-of-text. */
export async function findRaw(
  sources: readonly string[],
  { textField }: RawOptions,
): Promise<RawSource> {
  return await findRawSource({ sources, documents: await isDocuments(sources), textField });
}

/**
 * Reads sources to their end and tokenizes them, unless they hold more than 128 MiB or 16,777,216
 * tokens.
 *
 * @param options.folder where the tokens of larger ones are going to be kept, or are already
 * @param options.parts of how many such sources this is one; they share the memory
 * @throws {DataError} where a file cannot be read
 */
export async function readRaw(
  sources: readonly string[],
  tokenizer: Tokenizer,
  options: RawOptions & { folder: string; parts: number },
): Promise<RawData> {
  const source = await findRaw(sources, options);
  const [first, ...more] = sources;
  const path = more.length === 0 ? first : `${first} and ${more.length} more`;
  const { folder, parts } = options;
  const bytes = source.files.reduce((sum, { size = 0 }) => sum + size, 0);
  const isLarge = bytes > MOST_BYTES / parts || await exists(join(folder, "journal.jsonl"));
  const few = isLarge ? undefined : await readFew(source, tokenizer, MOST_TOKENS / parts);
  const files = source.files.map(({ path, size, version }) => ({ path, size, version }));
  return { path, source, tokenizer, folder, files, ...few };
}

/** The rows of raw data that is read while training. */
export async function openRaw(
  { path, source, tokenizer, folder }: RawData,
  context: number,
): Promise<RawSet> {
  return await openRawSet({ ...source, path, tokenizer, context, folder });
}

async function readFew(
  source: RawSource,
  tokenizer: Tokenizer,
  most: number,
): Promise<{ tokens: Tokens; files: InputFile[] } | undefined> {
  const files: InputFile[] = [];
  let count = 0;
  async function* read(): AsyncGenerator<Uint32Array> {
    const onFile = (path: string, sha256: string) => files.push({ path, sha256 });
    for await (const { ids } of readRawTokens(source, tokenizer, { onFile })) {
      count += ids.length;
      if (count > most) return;
      yield ids;
    }
  }
  const tokens = await collectTokens(ReadableStream.from(read()), tokenizer);
  return count > most ? undefined : { tokens, files };
}

/** Whether one of the sources is to be read as documents. */
async function isDocuments(sources: readonly string[]): Promise<boolean> {
  return (await Promise.all(sources.map(holdsDocuments))).some(Boolean);
}
