import type { JsonPart } from "../json_part.ts";
import { type Model, readIds, unknownText } from "./model.ts";

/**
 * Reads a model of type WordPiece: of each piece the longest token that begins it, then of the rest;
 * a piece that can't be made up of tokens is unknown as a whole.
 */
export function readWordPiece(part: JsonPart): Model {
  const ids = readIds(part);
  const unknown = ids.get(part.string("unk_token", "[UNK]"));
  const prefix = part.string("continuing_subword_prefix", "##");
  const maxCharacters = part.count("max_input_chars_per_word", 100);
  part.end();
  let longest = 0;
  for (const token of ids.keys()) longest = Math.max(longest, token.length);

  /** The tokens of a piece; undefined where it is unknown. */
  function tokensOf(piece: string): number[] | undefined {
    // A character is one or two UTF-16 code units.
    if (piece.length > maxCharacters && [...piece].length > maxCharacters) return undefined;
    const tokens: number[] = [];
    for (let start = 0; start < piece.length;) {
      const before = start === 0 ? "" : prefix;
      let end = Math.min(piece.length, start + longest);
      let id: number | undefined;
      for (; end > start; end--) {
        id = ids.get(before + piece.slice(start, end));
        if (id !== undefined) break;
      }
      if (id === undefined) return undefined;
      tokens.push(id);
      start = end;
    }
    return tokens;
  }

  return {
    ids,
    encode(piece, out) {
      const tokens = tokensOf(piece);
      if (tokens === undefined && unknown === undefined) throw unknownText(piece);
      for (const id of tokens ?? [unknown!]) out.push(id);
    },
  };
}
