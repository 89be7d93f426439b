import type { PackingAccounting } from "./accounting.ts";
import { makeRow, type PackingDocument, type Piece, type Row, type RowShape } from "./row.ts";
import type { Held } from "./state.ts";

/**
 * Concatenate and chunk: the documents end to end, cut every T tokens. Row i is the tokens i·T to
 * i·T + T, so neighbours share the border token, and each token but the first is a target once.
 */
export class ConcatPacker {
  readonly accounting: PackingAccounting;
  #shape: RowShape;
  /** What the next row has so far, the last token of the row before included. */
  #pieces: Piece[];
  #length: number;

  constructor(shape: RowShape, { accounting, groups: [pieces = []] }: Held) {
    this.#shape = shape;
    this.accounting = accounting;
    this.#pieces = pieces;
    this.#length = pieces.reduce((sum, { tokens }) => sum + tokens.length, 0);
  }

  /** Takes a document in; gives out the rows that it fills. */
  add({ tokens, weights }: PackingDocument): Row[] {
    const { accounting } = this;
    const { context } = this.#shape;
    const rows: Row[] = [];
    accounting.documents++;
    accounting.received += tokens.length;
    accounting.pending += tokens.length;
    for (let at = 0; at < tokens.length;) {
      const end = Math.min(tokens.length, at + context + 1 - this.#length);
      const part = weights && { weights: weights.slice(at, end) };
      this.#pieces.push({ tokens: tokens.slice(at, end), ...part });
      this.#length += end - at;
      if (this.#length <= context) break;
      rows.push(makeRow(this.#pieces, this.#shape));
      const shared = accounting.rows === 0 ? 0 : 1;
      accounting.rows++;
      accounting.shared += shared;
      accounting.tokens += context + 1 - shared;
      accounting.pending -= context + 1 - shared;
      this.#pieces = [];
      this.#length = 0;
      at = end - 1; // the border token opens the next row
    }
    return rows;
  }

  /** Ends the work: what is too short for a row is dropped as the tail. */
  flush(): Row[] {
    this.accounting.tail += this.accounting.pending;
    this.accounting.pending = 0;
    this.#pieces = [];
    this.#length = 0;
    return [];
  }

  /** What waits for its row. */
  held(): Held {
    return { accounting: this.accounting, groups: [this.#pieces] };
  }
}
