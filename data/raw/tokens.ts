import { createHash } from "node:crypto";
import { DataError } from "../errors.ts";
import { documentEncoder, endOfTextOf } from "../loader/mod.ts";
import { readFileDocuments, type SourceFile } from "../sources/mod.ts";
import type { Tokenizer } from "../tokenizers/mod.ts";
import { TextCutter, type TextPart } from "../tokens.ts";
import { emptyFile, hasDocuments, openText, type RawSource } from "./texts.ts";

/** Where reading stands: all before it has become tokens. */
export interface RawPosition {
  /** Index of the file. */
  file: number;
  /** Documents of that file that are done; of a plain text its UTF-16 code units. */
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

/** UTF-16 code units of a plain text that are encoded at once, at most. */
const MOST_HELD = 1 << 20;
const BEGINNING: RawPosition = { file: 0, done: 0, index: 0 };

/**
 * The tokens of raw sources, a part of a text or a document at a time. End-of-text stands behind each
 * document, where the tokenizer has such a token; joined texts have none. A plain text is cut where
 * that does not change its ids, or behind a line where the tokenizer knows no such place in a million
 * characters. Wherever reading is taken up again, the tokens are those that would have followed.
 *
 * @throws {DataError} where a file cannot be read, or has less than was read before
 * @throws {RangeError} where the vocabulary lacks a character
 */
export function readRawTokens(
  source: RawSource,
  tokenizer: Tokenizer,
  { from = BEGINNING, onFile = () => {} }: ReadRawTokensOptions = {},
): AsyncGenerator<RawTokens> {
  return source.documents
    ? readFiles(source, tokenizer, { from, onFile })
    : readJoinedTexts(source.files, tokenizer, { from, onFile });
}

/** The tokens of files that are each a text or hold documents. */
async function* readFiles(
  { files, textField }: RawSource,
  tokenizer: Tokenizer,
  { from, onFile }: Required<ReadRawTokensOptions>,
): AsyncGenerator<RawTokens> {
  const endOfText = endOfTextOf(tokenizer);
  const encode = documentEncoder(tokenizer, endOfText);
  for (let file = from.file; file < files.length; file++) {
    const skip = file === from.file ? from.done : 0;
    if (!hasDocuments(files[file].path)) {
      const start = { file: 0, done: skip, index: skip };
      const text = readJoinedTexts([files[file]], tokenizer, { from: start, onFile }, true);
      let length = skip;
      for await (const { ids, position: { index } } of text) {
        yield { ids, position: { file, done: length = index, index: 0 } };
      }
      const ids = length > 0 && endOfText !== undefined ? [endOfText] : [];
      yield { ids: Uint32Array.from(ids), position: { file: file + 1, done: 0, index: 0 } };
      continue;
    }
    const content = readFileDocuments(files[file], { textField });
    let done = 0;
    for await (const { text } of content.documents) {
      if (++done <= skip) continue;
      yield { ids: encode(text), position: { file, done, index: 0 } };
    }
    const { path, bytes, sha256 } = content.report;
    if (done < skip) throw shorter(path, `${skip} documents`, done, bytes);
    onFile(path, sha256);
  }
}

/** The tokens of plain texts that are joined as they are. */
async function* readJoinedTexts(
  files: readonly SourceFile[],
  tokenizer: Tokenizer,
  { from, onFile }: Required<ReadRawTokensOptions>,
  mayBeEmpty = false,
): AsyncGenerator<RawTokens> {
  const cutter = new TextCutter(tokenizer, { index: from.index, most: MOST_HELD });
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
    for await (const text of openText(files[file], (chunk) => hash.update(chunk))) {
      const start = Math.min(text.length, Math.max(0, skip - length));
      length += text.length;
      const part = cutter.add(text.slice(start));
      if (part) yield encode(part);
    }
    if (length === 0 && !mayBeEmpty) throw emptyFile(path);
    if (length < skip) throw shorter(path, `${skip} characters`, length, 0);
    starts.push({ file: file + 1, index: starts[starts.length - 1].index + length });
    onFile(path, hash.digest("hex"));
  }
  const rest = cutter.end();
  if (rest) yield encode(rest);
}

function shorter(path: string, wanted: string, got: number, byteOffset: number): DataError {
  return new DataError(
    `Cannot go on: wanted the ${wanted} read before, got ${got}; the file has changed, so start ` +
      "a new run",
    path,
    byteOffset,
  );
}
