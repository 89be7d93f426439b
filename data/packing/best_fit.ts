import type { PackingAccounting } from "./accounting.ts";
import { makeRow, type PackingDocument, type Piece, type Row, type RowShape } from "./row.ts";
import { SpaceIndex } from "./space_index.ts";
import type { Held } from "./state.ts";

/** Rows that may stay open from one window to the next; more than that are filled with padding. */
const OPEN_ROWS = 64;

interface OpenRow {
  pieces: Piece[];
  /** Tokens that still fit. */
  space: number;
}

/**
 * Best-fit decreasing (Ding et al., "Fewer Truncations Improve Language Modeling", 2024): documents
 * longer than a row are split, then the documents of a window go, the longest first, each into the
 * row with the least space that is enough. Rows with space left, the emptiest of them, wait for the
 * next window, so that padding is rare before the end.
 */
export class BestFitPacker {
  readonly accounting: PackingAccounting;
  #shape: RowShape;
  #windowDocuments: number;
  #open: OpenRow[];
  /** Documents, or what is left of them, that wait for their row. */
  #window: Piece[];

  /** The first group of what is held is the window, the others are the open rows. */
  constructor(shape: RowShape, windowDocuments: number, { accounting, groups }: Held) {
    const [window = [], ...open] = groups;
    this.#shape = shape;
    this.#windowDocuments = windowDocuments;
    this.accounting = accounting;
    this.#window = window;
    this.#open = open.map((pieces) => ({ pieces, space: shape.context + 1 - lengthOf(pieces) }));
  }

  /** Takes a document in; gives out the rows of the window that it completes. */
  add({ tokens, weights }: PackingDocument): Row[] {
    const { accounting } = this;
    const length = this.#shape.context + 1;
    accounting.documents++;
    accounting.received += tokens.length;
    accounting.pending += tokens.length;
    const rows: Row[] = [];
    for (let at = 0; at < tokens.length; at += length) {
      const part = weights && { weights: weights.slice(at, at + length) };
      const piece = { tokens: tokens.slice(at, at + length), ...part };
      // What fills a row needs no window, so the window is never more than its number of rows.
      if (piece.tokens.length === length) rows.push(this.#close({ pieces: [piece], space: 0 }));
      else this.#window.push(piece);
    }
    if (this.#window.length >= this.#windowDocuments) rows.push(...this.#pack(OPEN_ROWS));
    return rows;
  }

  /** Ends the work: rows that are not full are filled with padding. */
  flush(): Row[] {
    return this.#pack(0);
  }

  /** The window and the open rows. */
  held(): Held {
    const open = this.#open.map(({ pieces }) => pieces);
    return { accounting: this.accounting, groups: [this.#window, ...open] };
  }

  /** Packs the window; keeps at most `keep` rows open. */
  #pack(keep: number): Row[] {
    const rows = this.#open;
    const bySpace = new SpaceIndex<OpenRow>(this.#shape.context + 1);
    for (const row of rows) bySpace.add(row.space, row);
    // Sorting is stable: of equal lengths the first to come is the first to go.
    const pieces = this.#window.sort((a, b) => b.tokens.length - a.tokens.length);
    this.#window = [];
    for (const piece of pieces) {
      let row = bySpace.take(piece.tokens.length);
      if (!row) rows.push(row = { pieces: [], space: this.#shape.context + 1 });
      row.pieces.push(piece);
      row.space -= piece.tokens.length;
      if (row.space > 0) bySpace.add(row.space, row);
    }
    const kept = new Set(
      rows.filter(({ space }) => space > 0).sort((a, b) => b.space - a.space).slice(0, keep),
    );
    this.#open = rows.filter((row) => kept.has(row));
    return rows.filter((row) => !kept.has(row)).map((row) => this.#close(row));
  }

  #close({ pieces, space }: OpenRow): Row {
    const { accounting } = this;
    const tokens = this.#shape.context + 1 - space;
    accounting.rows++;
    accounting.tokens += tokens;
    accounting.pending -= tokens;
    accounting.padding += space;
    return makeRow(pieces, this.#shape);
  }
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { tokens }) => sum + tokens.length, 0);
}
