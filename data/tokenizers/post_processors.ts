import type { JsonPart } from "./json_part.ts";
import { isId } from "./models/model.ts";

/** Puts the tokens around a text that a model wants there. */
export type PostProcessor = (ids: Uint32Array) => Uint32Array;

const KINDS: Readonly<Record<string, (part: JsonPart) => PostProcessor>> = {
  BertProcessing: (part) => surround(part),
  ByteLevel(part) {
    part.boolean("add_prefix_space", true);
    part.boolean("trim_offsets", true);
    part.boolean("use_regex", true);
    return (ids) => ids;
  },
  RobertaProcessing(part) {
    part.boolean("add_prefix_space", true);
    part.boolean("trim_offsets", true);
    return surround(part);
  },
  Sequence(part) {
    const steps = part.parts("processors").map(readPostProcessor);
    return (ids) => steps.reduce((all, step) => step(all), ids);
  },
  TemplateProcessing: readTemplate,
};

/** Reads a post-processor. */
export function readPostProcessor(part: JsonPart): PostProcessor {
  const type = part.choice("type", Object.keys(KINDS));
  const processor = KINDS[type](part);
  part.end();
  return processor;
}

function surround(part: JsonPart): PostProcessor {
  const [before, after] = ["cls", "sep"].map((name) => {
    const pair = part.list(name);
    const isPair = pair.length === 2 && typeof pair[0] === "string" && isId(pair[1]);
    if (!isPair) part.refuse(name, "a token and its id", part.raw(name));
    return pair[1] as number;
  });
  return (ids) => join([[before], ids, [after]]);
}

/** A template's place for the text itself. */
const TEXT = "text";

/** A template says what stands around one text; what it says of two is read but not used. */
function readTemplate(part: JsonPart): PostProcessor {
  part.list("pair");
  const tokens = part.part("special_tokens");
  const idsOf = (id: string): number[] => {
    const token = tokens.part(id);
    token.optionalString("id");
    token.list("tokens");
    const ids = token.list("ids");
    if (!ids.every(isId)) token.refuse("ids", "a list of ids", token.raw("ids"));
    token.end();
    return ids as number[];
  };
  const pieces = part.parts("single").map((piece): number[] | typeof TEXT => {
    const isText = piece.has("Sequence");
    const inner = piece.part(isText ? "Sequence" : "SpecialToken");
    const id = isText ? inner.choice("id", ["A"]) : inner.string("id");
    inner.count("type_id", 0);
    inner.end();
    piece.end();
    return isText ? TEXT : idsOf(id);
  });
  return (ids) => join(pieces.map((piece) => piece === TEXT ? ids : piece));
}

function join(parts: ArrayLike<number>[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    all.set(part, end);
    end += part.length;
  }
  return all;
}
