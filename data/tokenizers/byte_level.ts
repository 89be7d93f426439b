import { byteAlphabet } from "./byte.ts";
import { ByteLevelBpe } from "./bpe/byte_level_bpe.ts";
import { type Merge, MergeTable } from "./bpe/merge_table.ts";
import { hashBytes, PADDING, PieceTable } from "./bpe/piece_table.ts";
import { lastBorder, scannerOf } from "./bpe/scanner.ts";
import type { TokenIds } from "./bpe/token_ids.ts";
import { preTokenSplitter } from "./split.ts";

/** Where a stretch stands: first in its text, behind an added token, or cut off the one before. */
export type StretchPlace = "first" | "inner" | "rest";

/** Turns stretches of text between added tokens into ids. */
export interface StretchEncoder {
  /** Adds the tokens of a stretch. */
  encode(text: string, place: StretchPlace, out: TokenIds): void;
  /**
   * The last place before `to` where the text can be cut without changing its ids, or 0; absent
   * where nothing is known of such places.
   */
  border?(text: string, to: number): number;
}

/** A byte-level BPE. */
export interface ByteLevelOptions {
  /** The bytes of each token by id; undefined for ids that no piece of text becomes. */
  tokens: readonly (Uint8Array | undefined)[];
  merges: readonly Merge[];
  /** What cuts a text into pieces, as a `tokenizer.json` writes it; none for no cutting. */
  pattern?: string;
  /** Whether a piece that is a token is taken before any merging. */
  ignoreMerges: boolean;
  /** Whether a text that begins with none gets a space. */
  prefixSpace: boolean;
}

/** Text that is held back until a border is looked for, in UTF-16 code units. */
const LEAST_CUT = 1 << 12;
const EMPTY = new Uint8Array(0);

/**
 * Encodes with a byte-level BPE: by a scanner where the pattern is a known one, else by the pattern.
 *
 * @returns none where a byte has no token
 * @throws {SyntaxError} where the pattern can't be used
 */
export function byteLevelEncoder(options: ByteLevelOptions): StretchEncoder | undefined {
  const { tokens, merges, pattern, ignoreMerges, prefixSpace } = options;
  const tokenOfByte = new Uint32Array(256);
  const bytesFound = new Set<number>();
  tokens.forEach((token, id) => {
    if (token?.length !== 1) return;
    tokenOfByte[token[0]] = id;
    bytesFound.add(token[0]);
  });
  if (bytesFound.size < 256) return undefined;
  const bpe = new ByteLevelBpe({
    tokenOfByte,
    merges: new MergeTable(merges, merges.length),
    whole: ignoreMerges ? wholeTokens(tokens) : undefined,
  });
  const prefixed = (text: string, place: StretchPlace) =>
    prefixSpace && place !== "rest" && !text.startsWith(" ") ? " " + text : text;
  const scanner = pattern === undefined ? undefined : scannerOf(pattern);
  if (scanner !== undefined) {
    return {
      encode: (text, place, out) => bpe.encodeText(prefixed(text, place), scanner, out),
      border: (text, to) => to < LEAST_CUT ? 0 : lastBorder(text, 0, to),
    };
  }
  if (pattern === undefined) {
    return { encode: (text, place, out) => bpe.encodePieces([prefixed(text, place)], out) };
  }
  const split = preTokenSplitter(pattern);
  return {
    encode(text, place, out) {
      const pieces: string[] = [];
      split(prefixed(text, place), (all, start, end) => pieces.push(all.slice(start, end)));
      bpe.encodePieces(pieces, out);
    },
  };
}

/** A table from the bytes of tokens to their ids. */
function wholeTokens(tokens: readonly (Uint8Array | undefined)[]): PieceTable {
  let bytes = 0;
  let longest = 0;
  for (const token of tokens) {
    bytes += token?.length ?? 0;
    longest = Math.max(longest, token?.length ?? 0);
  }
  const table = new PieceTable({ pieces: tokens.length, bytes });
  const padded = new Uint8Array(longest + PADDING);
  const view = new DataView(padded.buffer);
  tokens.forEach((token = EMPTY, id) => {
    if (token.length === 0) return;
    padded.set(token);
    table.add(padded, 0, token.length, hashBytes(view, 0, token.length), id);
  });
  return table;
}

/** Reads tokens that are written in the byte alphabet; undefined for others. */
export function byteAlphabetReader(): (token: string) => Uint8Array | undefined {
  const alphabet = byteAlphabet();
  const byteOf = new Int16Array(0x200).fill(-1);
  alphabet.forEach((character, byte) => byteOf[character.charCodeAt(0)] = byte);
  return (token) => {
    const bytes = new Uint8Array(token.length);
    for (let i = 0; i < token.length; i++) {
      const byte = byteOf[token.charCodeAt(i)] ?? -1;
      if (byte < 0) return undefined;
      bytes[i] = byte;
    }
    return bytes;
  };
}
