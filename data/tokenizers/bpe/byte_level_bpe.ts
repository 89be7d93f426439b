import type { Scanner } from "./gpt2_scanner.ts";
import { type ByteMerges, PieceEncoder, type Pieces } from "./piece_encoder.ts";
import { lastBorder } from "./scanner.ts";
import type { TokenIds } from "./token_ids.ts";
import { SENTINEL } from "./utf8_classes.ts";

/** UTF-16 code units that are encoded at once: their bytes stay in the processor's cache. */
const BLOCK = 1 << 15;
/** Bytes that must be there behind a text. */
const PADDING = 8;

/** Encodes text with a byte-level BPE. */
export class ByteLevelBpe {
  readonly #encoder: PieceEncoder;
  readonly #utf8 = new TextEncoder();
  readonly #pieces = newPieces(BLOCK);

  constructor(merges: ByteMerges) {
    this.#encoder = new PieceEncoder(merges);
  }

  /** Adds the tokens of a text that the scanner cuts into pieces. */
  encodeText(text: string, scanner: Scanner, out: TokenIds): void {
    for (let from = 0; from < text.length;) {
      const to = blockEnd(text, from);
      const pieces = this.#room(to - from);
      const { written } = this.#utf8.encodeInto(text.slice(from, to), pieces.bytes);
      pieces.bytes[written] = SENTINEL;
      pieces.count = scanner(pieces.bytes, written, pieces.ends);
      this.#encoder.encode(pieces, out);
      from = to;
    }
  }

  /** Adds the tokens of pieces of text. */
  encodePieces(texts: Iterable<string>, out: TokenIds): void {
    const pieces = this.#pieces;
    pieces.count = 0;
    let end = 0;
    for (const text of texts) {
      if (3 * text.length + PADDING > pieces.bytes.length - end) {
        this.#encoder.encode(pieces, out);
        pieces.count = end = 0;
      }
      if (text.length > BLOCK) {
        const alone = this.#room(text.length);
        alone.ends[0] = this.#utf8.encodeInto(text, alone.bytes).written;
        alone.count = 1;
        this.#encoder.encode(alone, out);
      } else if (text !== "") {
        end = write(text, pieces.bytes, end, this.#utf8);
        pieces.ends[pieces.count++] = end;
      }
    }
    this.#encoder.encode(pieces, out);
  }

  #room(length: number): Pieces {
    return length <= BLOCK ? this.#pieces : newPieces(length);
  }
}

/** Room for so many UTF-16 code units. */
function newPieces(length: number): Pieces {
  const bytes = new Uint8Array(3 * length + PADDING);
  return { bytes, view: new DataView(bytes.buffer), ends: new Int32Array(3 * length), count: 0 };
}

/** Where the block from `from` ends: at a border between pieces, and the first one if it is far. */
function blockEnd(text: string, from: number): number {
  let [start, to] = [from, from + BLOCK];
  while (to < text.length) {
    const border = lastBorder(text, start, to);
    if (border > start) return border;
    start = to;
    to += BLOCK;
  }
  return text.length;
}

/** Writes UTF-8 and returns where it ends. */
function write(text: string, bytes: Uint8Array, start: number, utf8: TextEncoder): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) {
      return start + i + utf8.encodeInto(text.slice(i), bytes.subarray(start + i)).written;
    }
    bytes[start + i] = unit;
  }
  return start + text.length;
}
