/** Text, or documents in any format, as the token ids of one long text. */
import {
  collectTokens,
  type Document,
  encodeDocuments,
  encodeStream,
  hashFile,
  listFiles,
  readDocuments,
  readText,
  type Tokenizer,
  type Tokens,
} from "../data/mod.ts";
import { holdsDocuments } from "./data_sources.ts";

/** A file of text and what it held when it was read. */
export interface TextFile {
  path: string;
  /** Hash of its bytes, in hexadecimal. */
  sha256: string;
}

/** Options of `readTokens`. */
export interface RawTextOptions {
  /** Column of the text, in files that have columns. @default "text" */
  textField?: string;
}

/** Whether one of the sources is to be read as documents. */
async function isDocuments(sources: readonly string[]): Promise<boolean> {
  return (await Promise.all(sources.map(holdsDocuments))).some(Boolean);
}

/** The text of sources, as a tokenizer learns it. */
export async function readRawText(
  sources: readonly string[],
  options: RawTextOptions,
): Promise<ReadableStream<string>> {
  if (!await isDocuments(sources)) return readText(sources);
  return readDocuments(sources, options).documents.pipeThrough(
    new TransformStream<Document, string>({
      transform: ({ text }, controller) => controller.enqueue(text),
    }),
  );
}

/**
 * Reads sources and turns them into tokens. Plain texts are joined as they are; documents are joined
 * by end-of-text, where the tokenizer has such a token.
 *
 * @throws {DataError} where a file cannot be read
 */
export async function readTokens(
  sources: readonly string[],
  tokenizer: Tokenizer,
  options: RawTextOptions,
): Promise<{ tokens: Tokens; files: TextFile[] }> {
  const { vocabularySize } = tokenizer;
  if (await isDocuments(sources)) {
    const { documents, reports } = readDocuments(sources, options);
    const ids = documents.pipeThrough(encodeDocuments(tokenizer));
    const tokens = await collectTokens(ids, { vocabularySize });
    return { tokens, files: reports.map(({ path, sha256 }) => ({ path, sha256 })) };
  }
  const paths = await listFiles(sources);
  const ids = readText(paths).pipeThrough(encodeStream(tokenizer));
  const tokens = await collectTokens(ids, { vocabularySize });
  const files = await Promise.all(
    paths.map(async (path) => ({ path, sha256: path === "-" ? "" : await hashFile(path) })),
  );
  return { tokens, files };
}
