import { LongMerger } from "../bpe/long_merge.ts";
import { type Merge, MergeTable } from "../bpe/merge_table.ts";
import type { JsonPart } from "../json_part.ts";
import { byteTokens, type Model, readIds, readTokenId, unknownText } from "./model.ts";

/** Pieces whose tokens are remembered, and the longest of them in UTF-16 code units. */
const CACHED_PIECES = 10_000;
const CACHED_LENGTH = 256;

/** What a `tokenizer.json` says of a BPE model. */
export interface BpeOptions {
  ids: Map<string, number>;
  merges: Merge[];
  /** Id for characters that the vocabulary lacks. */
  unknown?: number;
  /** Whether unknown characters side by side become one. */
  fuseUnknown: boolean;
  /** Whether unknown characters become tokens such as `<0x0A>`. */
  byteFallback: boolean;
  /** Whether a piece that is a token is taken before any merging. */
  ignoreMerges: boolean;
  /** Stands before each character of a piece but the first. */
  prefix: string;
  /** Stands behind the last character of a piece. */
  suffix: string;
}

/**
 * Reads a model of type BPE.
 *
 * @throws {DataError} naming the field that can't be used; dropout is one, since it encodes the same
 * text differently each time
 */
export function readBpe(part: JsonPart): BpeOptions {
  const dropout = part.raw("dropout") ?? 0;
  if (dropout !== 0) part.refuse("dropout", "null or 0", dropout);
  const ids = readIds(part);
  const prefix = part.string("continuing_subword_prefix", "");
  const options = {
    ids,
    merges: readMerges(part, ids, prefix),
    unknown: readTokenId(part, "unk_token", ids),
    fuseUnknown: part.boolean("fuse_unk", false),
    byteFallback: part.boolean("byte_fallback", false),
    ignoreMerges: part.boolean("ignore_merges", false),
    prefix,
    suffix: part.string("end_of_word_suffix", ""),
  };
  part.end();
  return options;
}

function readMerges(part: JsonPart, ids: Map<string, number>, prefix: string): Merge[] {
  return part.list("merges").map((merge, rank) => {
    const pair = typeof merge === "string" ? splitPair(merge) : merge;
    const isPair = Array.isArray(pair) && pair.length === 2 &&
      pair.every((token) => typeof token === "string");
    if (!isPair) part.refuse(`merges[${rank}]`, 'two tokens: "a b" or ["a", "b"]', merge);
    const [a, b] = pair as [string, string];
    const [left, right, merged] = [a, b, a + b.slice(prefix.length)].map((token) => ids.get(token));
    if (left === undefined || right === undefined || merged === undefined) {
      part.refuse(`merges[${rank}]`, "two tokens of the vocabulary that join to a third", merge);
    }
    return { left, right, merged, rank };
  });
}

/** The two tokens of `a b`. */
function splitPair(merge: string): string[] {
  return merge.split(" ");
}

/** Byte-pair encoding of pieces of text, character by character. */
export function bpeModel(options: BpeOptions): Model {
  const { ids, prefix, suffix, unknown } = options;
  const merger = new LongMerger(new MergeTable(options.merges, options.merges.length));
  const bytes = options.byteFallback ? byteTokens(ids) : [];
  const utf8 = new TextEncoder();
  const cache = new Map<string, Uint32Array>();

  /** The tokens of the characters of a piece. */
  function symbolsOf(piece: string): number[] {
    const symbols: number[] = [];
    // An unknown token waits for others that it may be one with.
    let waits = false;
    let start = 0;
    for (const character of piece) {
      let symbol = start > 0 ? prefix + character : character;
      start += character.length;
      if (start === piece.length) symbol += suffix;
      const id = ids.get(symbol);
      if (id !== undefined) {
        if (waits) symbols.push(unknown!);
        waits = false;
        symbols.push(id);
        continue;
      }
      if (options.byteFallback) {
        const tokens = Array.from(utf8.encode(symbol), (byte) => bytes[byte]);
        if (tokens.every((token) => token !== undefined)) {
          symbols.push(...tokens);
          continue;
        }
      }
      if (unknown === undefined) throw unknownText(character);
      if (waits && !options.fuseUnknown) symbols.push(unknown);
      waits = true;
    }
    if (waits) symbols.push(unknown!);
    return symbols;
  }

  function merge(piece: string): Uint32Array {
    const whole = options.ignoreMerges ? ids.get(piece) : undefined;
    if (whole !== undefined) return Uint32Array.of(whole);
    const symbols = Uint32Array.from(symbolsOf(piece));
    return symbols.subarray(0, merger.merge(symbols, symbols.length));
  }

  return {
    ids,
    encode(piece, out) {
      let tokens = cache.get(piece);
      if (tokens === undefined) {
        tokens = merge(piece);
        if (piece.length <= CACHED_LENGTH) {
          if (cache.size === CACHED_PIECES) cache.clear();
          cache.set(piece, tokens);
        }
      }
      for (const id of tokens) out.push(id);
    },
  };
}
