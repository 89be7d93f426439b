import { LongMerger } from "./long_merge.ts";
import { type MergeTable, NO_MERGE } from "./merge_table.ts";
import { hashBytes, PieceTable } from "./piece_table.ts";
import type { TokenIds } from "./token_ids.ts";

/** Symbols up to which searching all pairs for each merge is quicker than lists of pairs. */
const SHORT_MERGE = 96;
/** Bytes of the longest piece that is remembered. */
const MAX_CACHED = 96;
/** Bytes of the longest piece that stands in the table of short ones, in two words. */
const SHORT_PIECE = 8;
/** Slots of short pieces, a power of two, and how many of them may be taken. */
const SHORT_SLOTS = 1 << 16;
const SHORT_PIECES = 3 * SHORT_SLOTS / 4;
const LONG_PIECES = { pieces: 1 << 15, bytes: 1 << 20 };
const CACHED_IDS = 1 << 18;
/** Which bytes of the first and of the second word belong to a short piece, by its length. */
const FIRST_MASK = Int32Array.of(0, 0xff, 0xffff, 0xffffff, -1, -1, -1, -1, -1);
const SECOND_MASK = Int32Array.of(0, 0, 0, 0, 0, 0xff, 0xffff, 0xffffff, -1);
/** Symbols beyond which the array for them is not kept. */
const MAX_KEPT_SYMBOLS = 1 << 16;

/** What a byte-level BPE consists of. */
export interface ByteMerges {
  /** Ids of the 256 bytes. */
  tokenOfByte: Uint32Array;
  /** What merges. */
  merges: MergeTable;
  /** Ids of pieces that are tokens before any merging. @default none */
  whole?: PieceTable;
}

/** Bytes that are cut into pieces. */
export interface Pieces {
  /** The text, and 8 bytes more. */
  bytes: Uint8Array;
  /** The same bytes. */
  view: DataView;
  /** The first piece begins at 0, the others where the one before ends. */
  ends: Int32Array;
  /** Number of pieces. */
  count: number;
}

/** Turns pieces of bytes into tokens, and remembers the last pieces in about 5 MB. */
export class PieceEncoder {
  readonly #tokenOfByte: Uint32Array;
  readonly #merges: MergeTable;
  readonly #whole?: PieceTable;
  readonly #longMerger: LongMerger;
  /** Ranks of pairs of bytes. */
  readonly #byteRanks: Int32Array;
  /** Slots of two words of bytes, length (0 where free) and value. */
  readonly #short = new Int32Array(4 * SHORT_SLOTS);
  #shortCount = 0;
  readonly #long = new PieceTable(LONG_PIECES);
  /** Counts and ids of the pieces whose value is below 0: ~value is the count's place. */
  readonly #cachedIds = new Uint32Array(CACHED_IDS);
  #cachedIdCount = 0;
  readonly #ranks = new Int32Array(SHORT_MERGE);
  #symbols = new Uint32Array(SHORT_MERGE);

  constructor({ tokenOfByte, merges, whole }: ByteMerges) {
    this.#tokenOfByte = tokenOfByte;
    this.#merges = merges;
    this.#whole = whole;
    this.#longMerger = new LongMerger(merges);
    this.#byteRanks = new Int32Array(1 << 16);
    for (let i = 0; i < 1 << 16; i++) {
      this.#byteRanks[i] = merges.rank(tokenOfByte[i >> 8], tokenOfByte[i & 0xff]);
    }
  }

  /** Adds the tokens of the pieces. */
  encode({ bytes, view, ends, count }: Pieces, out: TokenIds): void {
    const short = this.#short;
    let start = 0;
    for (let i = 0; i < count; i++) {
      const end = ends[i];
      const length = end - start;
      if (length <= SHORT_PIECE) {
        const first = view.getInt32(start, true) & FIRST_MASK[length];
        const second = view.getInt32(start + 4, true) & SECOND_MASK[length];
        let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
        hash ^= hash >>> 15;
        let slot = (hash & SHORT_SLOTS - 1) << 2;
        for (;;) {
          if (
            short[slot] === first && short[slot + 1] === second && short[slot + 2] === length
          ) {
            const value = short[slot + 3];
            if (value >= 0) out.push(value);
            else this.#copy(~value, out);
            break;
          }
          if (short[slot + 2] === 0) {
            this.#addShort(bytes, view, start, length, { first, second, slot }, out);
            break;
          }
          slot = slot + 4 & 4 * SHORT_SLOTS - 1;
        }
      } else this.#encodeLong(bytes, view, start, length, out);
      start = end;
    }
  }

  #addShort(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    length: number,
    key: { first: number; second: number; slot: number },
    out: TokenIds,
  ): void {
    const value = this.#merge(bytes, view, start, length, out);
    // The slot is only free as long as nothing has been forgotten.
    if (this.#shortCount >= SHORT_PIECES || value === undefined) return this.#forget();
    this.#shortCount++;
    this.#short[key.slot] = key.first;
    this.#short[key.slot + 1] = key.second;
    this.#short[key.slot + 2] = length;
    this.#short[key.slot + 3] = value;
  }

  #encodeLong(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    length: number,
    out: TokenIds,
  ): void {
    if (length > MAX_CACHED) {
      this.#merge(bytes, view, start, length, out);
      return;
    }
    const hash = hashBytes(view, start, length);
    const found = this.#long.get(view, start, length, hash);
    if (found !== undefined) {
      if (found >= 0) out.push(found);
      else this.#copy(~found, out);
      return;
    }
    const value = this.#merge(bytes, view, start, length, out);
    if (value === undefined || !this.#long.hasRoomFor(length)) return this.#forget();
    this.#long.add(bytes, start, length, hash, value);
  }

  #copy(place: number, out: TokenIds): void {
    const ids = this.#cachedIds;
    const count = ids[place];
    for (let i = place + 1; i <= place + count; i++) out.push(ids[i]);
  }

  #forget(): void {
    this.#short.fill(0);
    this.#shortCount = 0;
    this.#long.clear();
    this.#cachedIdCount = 0;
  }

  /** Adds the tokens of a piece; returns its value for the tables if there is room. */
  #merge(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    length: number,
    out: TokenIds,
  ): number | undefined {
    const whole = this.#whole?.get(view, start, length, hashBytes(view, start, length));
    if (whole !== undefined) {
      out.push(whole);
      return whole;
    }
    if (length > this.#symbols.length) this.#symbols = new Uint32Array(length);
    const symbols = this.#symbols;
    for (let i = 0; i < length; i++) symbols[i] = this.#tokenOfByte[bytes[start + i]];
    const count = length <= SHORT_MERGE
      ? this.#mergeShort(bytes, start, length)
      : this.#longMerger.merge(symbols, length);
    out.reserve(count);
    for (let i = 0; i < count; i++) out.push(symbols[i]);
    if (length > MAX_KEPT_SYMBOLS) this.#symbols = new Uint32Array(SHORT_MERGE);
    if (count === 1) return symbols[0];
    if (length > MAX_CACHED || this.#cachedIdCount + count + 1 > CACHED_IDS) return undefined;
    const place = this.#cachedIdCount;
    this.#cachedIds[place] = count;
    this.#cachedIds.set(symbols.subarray(0, count), place + 1);
    this.#cachedIdCount += count + 1;
    return ~place;
  }

  /** Merges the pair of lowest rank, the first of several, until none is left. */
  #mergeShort(bytes: Uint8Array, start: number, length: number): number {
    const symbols = this.#symbols;
    const ranks = this.#ranks;
    const merges = this.#merges;
    let last = length - 1;
    for (let i = 0; i < last; i++) {
      ranks[i] = this.#byteRanks[bytes[start + i] << 8 | bytes[start + i + 1]];
    }
    while (last > 0) {
      let lowest = NO_MERGE;
      let at = -1;
      for (let i = 0; i < last; i++) {
        if (ranks[i] < lowest) {
          lowest = ranks[i];
          at = i;
        }
      }
      if (at < 0) break;
      symbols[at] = merges.tokenOf(symbols[at], symbols[at + 1]);
      last--;
      for (let i = at + 1; i <= last; i++) {
        symbols[i] = symbols[i + 1];
        ranks[i] = ranks[i + 1];
      }
      if (at > 0) ranks[at - 1] = merges.rank(symbols[at - 1], symbols[at]);
      if (at < last) ranks[at] = merges.rank(symbols[at], symbols[at + 1]);
    }
    return last + 1;
  }
}
