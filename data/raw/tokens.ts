import { createHash } from "node:crypto";
import { DataError } from "../errors.ts";
import { documentEncoder } from "../loader/mod.ts";
import {
  decodeUtf8,
  decompress,
  listSources,
  readFileDocuments,
  type SourceFile,
  toUtf8,
} from "../sources/mod.ts";
import type { Tokenizer } from "../tokenizers/mod.ts";
import { TextCutter, type TextPart } from "../tokens.ts";

/** How raw sources become one stream of tokens. */
export interface RawReading {
  /** Files, folders, globs or URLs. */
  sources: readonly string[];
  /**
   * Whether they hold documents, which end-of-text parts where the tokenizer has such a token; else
   * their texts are joined as they are.
   */
  documents: boolean;
  /** Column of the text, in files that have columns. @default "text" */
  textField?: string;
}

/** Raw sources and what was found of them. */
export interface RawSource extends RawReading {
  /** Their files in order. */
  files: readonly SourceFile[];
}

/**
 * Finds the files of raw sources.
 *
 * @throws {RangeError} where there are no sources
 * @throws {DataError} where a source is missing or holds no files
 */
export async function findRawSource(reading: RawReading): Promise<RawSource> {
  return { ...reading, files: await listSources(reading.sources) };
}

/** What tells a file from others before it is read. */
export type FileFacts = Pick<SourceFile, "path" | "size" | "version">;

/** What is known of files before they are read. */
export function describeFiles(files: readonly SourceFile[]): FileFacts[] {
  return files.map(({ path, size, version }) => ({ path, size, version }));
}

/** Where reading stands: all before it has become tokens. */
export interface RawPosition {
  /** Index of the file. */
  file: number;
  /** Documents of that file that are done; of joined texts its UTF-16 code units. */
  done: number;
  /** UTF-16 code units of all files that are done, of joined texts. */
  index: number;
}

/** Some tokens, and where reading stands behind them. */
export interface RawTokens {
  /** Their ids. */
  ids: Uint32Array;
  /** Where to go on. */
  position: RawPosition;
}

/** Options of `readRawTokens`. */
export interface ReadRawTokensOptions {
  /** Where to go on. @default at the beginning */
  from?: RawPosition;
  /** Sees each file that was read to its end, with its SHA-256 in hexadecimal. @default nothing */
  onFile?: (path: string, sha256: string) => void;
}

const BEGINNING: RawPosition = { file: 0, done: 0, index: 0 };

/**
 * The tokens of raw sources, a part of a text or a document at a time. Wherever reading is taken up
 * again, the tokens are those that would have followed.
 *
 * @throws {DataError} where a file cannot be read, or has fewer documents or less text than were read
 * before
 * @throws {RangeError} where the vocabulary lacks a character
 */
export function readRawTokens(
  source: RawSource,
  tokenizer: Tokenizer,
  { from = BEGINNING, onFile }: ReadRawTokensOptions = {},
): AsyncGenerator<RawTokens> {
  const read = source.documents ? readDocumentTokens : readJoinedTokens;
  return read(source, tokenizer, from, onFile);
}

async function* readDocumentTokens(
  { files, textField }: RawSource,
  tokenizer: Tokenizer,
  from: RawPosition,
  onFile?: ReadRawTokensOptions["onFile"],
): AsyncGenerator<RawTokens> {
  const encode = documentEncoder(tokenizer);
  for (let file = from.file; file < files.length; file++) {
    const content = readFileDocuments(files[file], { textField });
    const skip = file === from.file ? from.done : 0;
    let done = 0;
    for await (const { text } of content.documents) {
      if (++done <= skip) continue;
      yield { ids: encode(text), position: { file, done, index: 0 } };
    }
    const { path, sha256, bytes } = content.report;
    if (done < skip) throw shorter(path, `${skip} documents`, done, bytes);
    onFile?.(path, sha256);
  }
}

async function* readJoinedTokens(
  { files }: RawSource,
  tokenizer: Tokenizer,
  from: RawPosition,
  onFile?: ReadRawTokensOptions["onFile"],
): AsyncGenerator<RawTokens> {
  const cutter = new TextCutter(tokenizer, from.index);
  // Where the files begin that text is held of, in the joined text.
  const starts = [{ file: from.file, index: from.index - from.done }];
  const encode = ({ text, index }: TextPart): RawTokens => {
    const end = index + text.length;
    while (starts.length > 1 && starts[1].index <= end) starts.shift();
    const [{ file, index: start }] = starts;
    return {
      ids: tokenizer.encode(text, { index }),
      position: { file, done: end - start, index: end },
    };
  };
  for (let file = from.file; file < files.length; file++) {
    const { path } = files[file];
    const skip = file === from.file ? from.done : 0;
    const hash = createHash("sha256");
    let length = 0;
    for await (const text of openText(files[file], (chunk) => onFile && hash.update(chunk))) {
      const start = Math.min(text.length, Math.max(0, skip - length));
      length += text.length;
      const part = cutter.add(text.slice(start));
      if (part) yield encode(part);
    }
    if (length === 0) {
      throw new DataError("Cannot read text: wanted some, got an empty file", path);
    }
    if (length < skip) throw shorter(path, `${skip} characters`, length, 0);
    starts.push({ file: file + 1, index: starts[starts.length - 1].index + length });
    onFile?.(path, hash.digest("hex"));
  }
  const rest = cutter.end();
  if (rest) yield encode(rest);
}

/** The text of a file; its bytes are shown as they come. */
function openText(
  file: SourceFile,
  onBytes: (chunk: Uint8Array) => void,
): ReadableStream<string> {
  const show = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      onBytes(chunk);
      controller.enqueue(chunk);
    },
  });
  return file.open().pipeThrough(show).pipeThrough(decompress(file.path))
    .pipeThrough(toUtf8(file.path)).pipeThrough(decodeUtf8(file.path));
}

function shorter(path: string, wanted: string, got: number, byteOffset: number): DataError {
  return new DataError(
    `Cannot go on: wanted the ${wanted} read before, got ${got}; the file has changed, so start ` +
      "a new run",
    path,
    byteOffset,
  );
}
