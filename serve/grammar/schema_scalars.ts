import { ALL } from "./code_points.ts";
import { writeInteger, writeNumber, writeString } from "./json_text.ts";
import type { NetworkBuilder } from "./network.ts";
import { determinize, type Dfa } from "./nfa.ts";
import { writeNumberRange } from "./number_range.ts";
import { parsePattern } from "./pattern.ts";
import { isRecord, KEYWORDS, MAX_COUNT, type SchemaPart, TYPES } from "./schema_part.ts";
import { STRING_FORMATS } from "./string_formats.ts";
import { writeDfa, writeText, writeTexts } from "./writer.ts";

/** The automaton of any text. */
const ANY_TEXT: Dfa = { accepts: [true], edges: [[{ set: ALL, to: 0 }]] };

/** The states between which a value is written. */
interface Place {
  from: number;
  to: number;
}

/** Writes the values of `enum` or `const` that are of the schema's type. */
export function writeEnum(network: NetworkBuilder, part: SchemaPart, { from, to }: Place): void {
  const keyword = part.has("const") ? "const" : "enum";
  part.assertSupported(
    [keyword, "type"],
    `cannot stand beside ${keyword}; leave out the values that it forbids`,
  );
  const values = keyword === "const" ? [part.get("const")] : part.list("enum")!;
  const types = part.types() ?? TYPES;
  const fitting = values.filter((value) => types.some((type) => isOfType(value, type)));
  if (fitting.length === 0) part.refuse(keyword, `of the type ${types.join(" or ")}`);
  writeTexts(network, from, fitting.map((value) => JSON.stringify(value)), to);
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isRecord(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "string":
      return typeof value === "string";
    default:
      return typeof value === "boolean";
  }
}

/** Writes the numbers of a schema. */
export function writeNumberSchema(
  network: NetworkBuilder,
  part: SchemaPart,
  { from, to, integer }: Place & { integer: boolean },
): void {
  if (!KEYWORDS.number.some((name) => part.has(name))) {
    return integer ? writeInteger(network, from, to) : writeNumber(network, from, to);
  }
  for (const low of ["minimum", "exclusiveMinimum"]) {
    for (const high of ["maximum", "exclusiveMaximum"]) part.assertOrder(low, high);
  }
  const multipleOf = part.number("multipleOf");
  if (multipleOf !== undefined && !(multipleOf > 0)) part.refuse("multipleOf", "above 0");
  const [above, below] = [part.number("exclusiveMinimum"), part.number("exclusiveMaximum")];
  const minimum = Math.max(part.number("minimum") ?? -Infinity, above ?? -Infinity);
  const maximum = Math.min(part.number("maximum") ?? Infinity, below ?? Infinity);
  const limits = { minimum, maximum, multipleOf, integer };
  const [exclusiveMinimum, exclusiveMaximum] = [minimum === above, maximum === below];
  part.within("multipleOf", () => {
    writeNumberRange(network, from, to, { ...limits, exclusiveMinimum, exclusiveMaximum });
  });
}

/** Writes the strings of a schema. */
export function writeStringSchema(
  network: NetworkBuilder,
  part: SchemaPart,
  { from, to }: Place,
): void {
  if (!KEYWORDS.string.some((name) => part.has(name))) return writeString(network, from, to);
  const [pattern, format] = [part.text("pattern"), part.text("format")];
  part.assertOrder("minLength", "maxLength");
  const minLength = part.count("minLength", MAX_COUNT);
  const maxLength = part.count("maxLength", MAX_COUNT);
  if (pattern !== undefined && format !== undefined) {
    part.refuseKeyword("pattern", "cannot stand beside format; leave one of them out");
  }
  if (format !== undefined && !Object.hasOwn(STRING_FORMATS, format)) {
    part.refuse("format", `one of ${Object.keys(STRING_FORMATS).join(", ")}`);
  }
  const search = pattern !== undefined;
  const source = pattern ?? (format === undefined ? undefined : STRING_FORMATS[format]);
  const name = JSON.stringify(["text", pattern, format, minLength, maxLength]);
  const rule = network.rule(name, (entry, exit) => {
    const dfa = source === undefined ? ANY_TEXT : part.within(
      search ? "pattern" : "format",
      () => determinize(parsePattern(source, { search }), network),
    );
    const [begin, end] = [network.state(), network.state()];
    writeText(network, entry, '"', begin);
    const place = { from: begin, to: end, spelling: "json" } as const;
    writeDfa(network, dfa, place, { minLength, maxLength });
    writeText(network, end, '"', exit);
  });
  network.call(from, rule, to);
}
