import type { JsonPart } from "./json_part.ts";
import { splitRegExp } from "./patterns.ts";

const NOTHING = /(?!)/gu;

/** A field `pattern`: `{ "String": … }`, which stands for itself, or `{ "Regex": … }`. */
export function readPattern(part: JsonPart): RegExp {
  const pattern = part.part("pattern");
  if (pattern.has("String")) {
    const text = pattern.string("String");
    pattern.end();
    return text === "" ? NOTHING : new RegExp(RegExp.escape(text), "gu");
  }
  const regex = pattern.string("Regex");
  pattern.end();
  return toRegExp(part, regex);
}

/** A pattern of the file as a regular expression; a DataError where it can't be used. */
export function toRegExp(part: JsonPart, pattern: string): RegExp {
  try {
    return splitRegExp(pattern);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    part.refuse("pattern", `a pattern that can be used here (${error.message})`, pattern);
  }
}
