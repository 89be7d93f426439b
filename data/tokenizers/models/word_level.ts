import type { JsonPart } from "../json_part.ts";
import { type Model, readIds, unknownText } from "./model.ts";

/** Reads a model of type WordLevel: each piece is one token. */
export function readWordLevel(part: JsonPart): Model {
  const ids = readIds(part);
  const unknown = ids.get(part.string("unk_token", "<unk>"));
  part.end();
  return {
    ids,
    encode(piece, out) {
      const id = ids.get(piece) ?? unknown;
      if (id === undefined) throw unknownText(piece);
      out.push(id);
    },
  };
}
