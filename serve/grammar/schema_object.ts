import { writeMap, writeMember, writeSpace } from "./json_text.ts";
import type { NetworkBuilder } from "./network.ts";
import type { SchemaPart } from "./schema_part.ts";
import { writeText } from "./writer.ts";

/** Most properties of one object that may be left out: each of them may come next. */
const MAX_OPTIONAL = 500;

/** Where an object is written, and what writes the values of its properties. */
export interface ObjectPlace {
  from: number;
  to: number;
  write(schema: unknown, path: string[], from: number, to: number): void;
}

/**
 * Writes the objects of a schema: its properties in their order, those not required perhaps left
 * out, and no others; where it names none, any names with values of `additionalProperties`.
 */
export function writeObjectSchema(
  network: NetworkBuilder,
  part: SchemaPart,
  place: ObjectPlace,
): void {
  const properties = part.entries("properties") ?? [];
  const required = requiredOf(part, properties.map(([name]) => name));
  const rest = part.get("additionalProperties", !part.has("properties"));
  if (rest === false) writeProperties(network, part, { ...place, properties, required });
  else if (properties.length === 0) {
    const path = [...part.path, "additionalProperties"];
    writeMap(network, { ...place, value: (_, from, to) => place.write(rest, path, from, to) });
  } else {
    part.refuseKeyword("additionalProperties", "must be false beside properties; leave it out");
  }
}

function requiredOf(part: SchemaPart, names: readonly string[]): ReadonlySet<unknown> {
  const required = part.get("required", []);
  if (!Array.isArray(required)) part.refuse("required", "a list of names");
  const known = new Set<unknown>(names);
  const unknown = required.find((name) => !known.has(name));
  if (unknown !== undefined) {
    part.refuseKeyword("required", `must name properties: ${JSON.stringify(unknown)} is none`);
  }
  if (names.length - new Set(required).size > MAX_OPTIONAL) {
    throw new RangeError(
      `Cannot use the schema: ${part.place("properties")} must have at most ${MAX_OPTIONAL} that ` +
        `are not required, got ${names.length - required.length}; require them, null allowed`,
    );
  }
  return new Set(required);
}

interface Properties extends ObjectPlace {
  properties: readonly [string, unknown][];
  required: ReadonlySet<unknown>;
}

function writeProperties(
  network: NetworkBuilder,
  part: SchemaPart,
  { from, to, write, properties, required }: Properties,
): void {
  const last = properties.findLastIndex(([name]) => required.has(name));
  const [open, space] = [network.state(), network.state()];
  // Before each property: that or a later one comes next.
  const before = properties.map(() => network.state());
  writeText(network, from, "{", open);
  writeText(network, space, "}", to);
  if (properties.length > 0) writeSpace(network, open, before[0]);
  if (last < 0) writeSpace(network, open, space);
  properties.forEach(([name, schema], i) => {
    const behind = network.state();
    const path = [...part.path, "properties", name];
    writeMember(network, before[i], behind, {
      name: (_, from, to) => writeText(network, from, JSON.stringify(name), to),
      value: (_, from, to) => write(schema, path, from, to),
    });
    if (!required.has(name) && i + 1 < properties.length) network.skip(before[i], before[i + 1]);
    if (i + 1 < properties.length) {
      const comma = network.state();
      writeText(network, behind, ",", comma);
      writeSpace(network, comma, before[i + 1]);
    }
    if (i >= last) writeSpace(network, behind, space);
  });
}
