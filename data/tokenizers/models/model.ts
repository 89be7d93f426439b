import type { TokenIds } from "../bpe/token_ids.ts";
import type { JsonPart } from "../json_part.ts";

/** What makes tokens of the pieces of a text. */
export interface Model {
  /** Ids by token. */
  readonly ids: ReadonlyMap<string, number>;
  /**
   * Adds the tokens of a piece of text.
   *
   * @throws {RangeError} where the vocabulary lacks a part of it and has no token for such
   */
  encode(piece: string, out: TokenIds): void;
}

/** The highest id that a file may give a token. */
export const MAX_ID: number = 2 ** 22 - 1;

/** Ids by token of a field `vocab`, each id once. */
export function readIds(part: JsonPart): Map<string, number> {
  const entries = Object.entries(part.part("vocab").fields);
  if (entries.length === 0) part.refuse("vocab", "an object of tokens and ids", {});
  const ids = new Map<string, number>();
  const taken = new Set<unknown>();
  for (const [token, id] of entries) {
    if (!isId(id) || taken.has(id)) {
      part.refuse(`vocab[${JSON.stringify(token)}]`, `a whole number of 0 to ${MAX_ID}, once`, id);
    }
    taken.add(id);
    ids.set(token, id);
  }
  return ids;
}

/** Whether a value may be an id. */
export function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_ID;
}

/** The id of the token that a field names; undefined where the field isn't set. */
export function readTokenId(
  part: JsonPart,
  field: string,
  ids: ReadonlyMap<string, number>,
): number | undefined {
  const token = part.optionalString(field);
  if (token === undefined) return undefined;
  const id = ids.get(token);
  if (id === undefined) part.refuse(field, "a token of the vocabulary", token);
  return id;
}

/** The error for text that a vocabulary has no token for. */
export function unknownText(text: string): RangeError {
  return new RangeError(
    `Cannot encode ${JSON.stringify(text.slice(0, 40))}: the vocabulary has no token for it and ` +
      "none for unknown text; remove it, or use a tokenizer that falls back to bytes",
  );
}

/** The tokens `<0x00>` to `<0xFF>` that stand for bytes; undefined where the vocabulary lacks one. */
export function byteTokens(ids: ReadonlyMap<string, number>): (number | undefined)[] {
  return Array.from(
    { length: 256 },
    (_, byte) => ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
  );
}
