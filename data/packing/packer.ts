import { emptyAccounting, type PackingAccounting } from "./accounting.ts";
import { BestFitPacker } from "./best_fit.ts";
import { ConcatPacker } from "./concat.ts";
import type { PackingDocument, Row, RowShape } from "./row.ts";
import { decodeHeld, encodeHeld, type Held } from "./state.ts";

/** How documents become rows. */
export type PackingStrategy = "concat" | "best-fit";

/** Options of `packer`. */
export interface PackerOptions {
  /** End to end and cut every T tokens, or each document whole where it fits into a row. */
  strategy: PackingStrategy;
  /** Tokens of a row but one, T: from 1 to 65,535 with `documentIds`. */
  context: number;
  /** Number of different tokens, V; rows hold 16 bits an id up to 65,536, 32 bits above. */
  vocabularySize: number;
  /** The token that fills rows up. @default 0 */
  padId?: number;
  /** Documents shorter than a row that best-fit looks at together. @default 1024 */
  windowDocuments?: number;
  /** Whether rows tell which document each token is of. @default true for best-fit */
  documentIds?: boolean;
  /** Whether rows tell the weight of each token's loss. @default true for best-fit */
  weights?: boolean;
  /** What `state` of another packer with the same options returned; goes on from there. */
  state?: Uint8Array;
}

/** Turns documents into rows of T + 1 tokens. */
export interface Packer {
  /** Takes a document in, end-of-text included; gives out the rows that are complete. */
  add(document: PackingDocument): Row[];
  /** Ends the work; gives out the rest, padded with best-fit. With concat it is dropped. */
  flush(): Row[];
  /** What is held at this moment, as bytes: less than a row with concat, at most
   * windowDocuments + 64 rows with best-fit. */
  state(): Uint8Array<ArrayBuffer>;
  /** Where the tokens went so far. */
  readonly accounting: Readonly<PackingAccounting>;
}

/**
 * Packs documents into rows of T + 1 tokens; no token is lost but for the tail of `concat`.
 *
 * @throws {RangeError} where an option is out of range, or a document holds an id outside the
 * vocabulary or another number of weights than tokens
 * @example
 * ```ts
 * import { assertConserved, packer } from "@quern/quern";
 * const rows = packer({ strategy: "best-fit", context: 7, vocabularySize: 100 });
 * rows.add({ tokens: Uint16Array.of(1, 2, 3, 4, 5, 99) });
 * rows.add({ tokens: Uint16Array.of(6, 99) });
 * for (const { tokens } of rows.flush()) console.log(tokens); // 1 2 3 4 5 99 6 99
 * assertConserved(rows.accounting);
 * ```
 */
export function packer(options: PackerOptions): Packer {
  const { strategy, context, vocabularySize, state, padId = 0, windowDocuments = 1024 } = options;
  if (strategy !== "concat" && strategy !== "best-fit") {
    throw new RangeError(`Cannot pack: strategy must be concat or best-fit, got ${strategy}`);
  }
  const { documentIds = strategy === "best-fit", weights = strategy === "best-fit" } = options;
  assertWhole("vocabularySize", vocabularySize, 1, 2 ** 32);
  assertWhole("context", context, 1, documentIds ? 65_535 : 2 ** 31);
  assertWhole("padId", padId, 0, vocabularySize - 1);
  assertWhole("windowDocuments", windowDocuments, 1, 2 ** 31);
  const shape: RowShape = { context, vocabularySize, padId, documentIds, weights };
  const held = state ? decodeHeld(state) : { accounting: emptyAccounting(context), groups: [] };
  assertSameRows(held, context);
  const packer = strategy === "concat"
    ? new ConcatPacker(shape, held)
    : new BestFitPacker(shape, windowDocuments, held);
  return {
    add(document) {
      assertDocument(document, shape);
      return packer.add(document);
    },
    flush: () => packer.flush(),
    state: () => encodeHeld(packer.held()),
    accounting: packer.accounting,
  };
}

/** A packer as a transform stream from documents to rows. */
export interface PackStream extends ReadableWritablePair<Row, PackingDocument> {
  /** Where the tokens went; complete once the stream has ended. */
  readonly accounting: Readonly<PackingAccounting>;
}

/**
 * `packer` as a transform stream.
 *
 * @throws {RangeError} where an option is out of range; in the stream, where a document is
 */
export function packStream(options: PackerOptions): PackStream {
  const { add, flush, accounting } = packer(options);
  const { readable, writable } = new TransformStream<PackingDocument, Row>({
    transform: (document, controller) => {
      for (const row of add(document)) controller.enqueue(row);
    },
    flush: (controller) => {
      for (const row of flush()) controller.enqueue(row);
    },
  });
  return { readable, writable, accounting };
}

function assertDocument({ tokens, weights }: PackingDocument, shape: RowShape): void {
  const { vocabularySize } = shape;
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] < vocabularySize) continue;
    throw new RangeError(
      `Cannot pack: ids must be below the vocabulary size ${vocabularySize}, got ${tokens[i]} as ` +
        `token ${i}; use the tokenizer that belongs to the vocabulary`,
    );
  }
  if (!weights) return;
  if (weights.length !== tokens.length) {
    throw new RangeError(
      `Cannot pack: wanted a weight for each of ${tokens.length} tokens, got ${weights.length}`,
    );
  }
  if (shape.weights) return;
  throw new RangeError(
    "Cannot pack: got a document with weights for rows without; give weights: true",
  );
}

function assertSameRows({ accounting }: Held, context: number): void {
  if (accounting.context === context) return;
  throw new RangeError(
    `Cannot go on packing: wanted the state of rows of context ${context}, got one of context ` +
      `${accounting.context}; give the same options as before`,
  );
}

function assertWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot pack: ${name} must be a whole number from ${least} to ${most}, got ${value}`,
  );
}
