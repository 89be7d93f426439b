import type { Tokens } from "../tokens.ts";

/** A tokenized document on its way into rows. */
export interface PackingDocument {
  /** Its ids, end-of-text included. */
  tokens: Tokens;
  /** For each token the weight of its loss as a target, from 0 to 255. @default 1 for all */
  weights?: Uint8Array;
}

/** T + 1 tokens: T inputs and, one place on, T targets. */
export interface Row {
  /** [T + 1] token ids. */
  tokens: Tokens;
  /** [T + 1] which document of the row a token is of, from 0; padding is one more document. */
  documentIds?: Uint16Array;
  /** [T + 1] weight of each token as a target; 0 for padding. */
  weights?: Uint8Array;
}

/** Tokens of one document that stand together in a row. */
export interface Piece {
  tokens: Tokens;
  weights?: Uint8Array;
}

/** What a row is made of besides its tokens. */
export interface RowShape {
  /** Tokens of a row but one, T. */
  context: number;
  /** 16 bits an id are enough up to 65,536, 32 bits above. */
  vocabularySize: number;
  /** Fills rows up. */
  padId: number;
  /** Whether rows tell their documents. */
  documentIds: boolean;
  /** Whether rows tell their weights. */
  weights: boolean;
}

/** A row of pieces, each of another document, filled up with padding. */
export function makeRow(pieces: readonly Piece[], shape: RowShape): Row {
  const { context, vocabularySize, padId } = shape;
  const length = context + 1;
  const tokens = vocabularySize <= 1 << 16 ? new Uint16Array(length) : new Uint32Array(length);
  const documentIds = shape.documentIds ? new Uint16Array(length) : undefined;
  const weights = shape.weights ? new Uint8Array(length) : undefined;
  let at = 0;
  pieces.forEach((piece, document) => {
    const end = at + piece.tokens.length;
    tokens.set(piece.tokens, at);
    documentIds?.fill(document, at, end);
    if (piece.weights) weights?.set(piece.weights, at);
    else weights?.fill(1, at, end);
    at = end;
  });
  tokens.fill(padId, at);
  documentIds?.fill(pieces.length, at);
  return { tokens, ...(documentIds && { documentIds }), ...(weights && { weights }) };
}
