import { writeArray, writeValue } from "./json_text.ts";
import type { NetworkBuilder } from "./network.ts";
import { writeObjectSchema } from "./schema_object.ts";
import { pointer } from "./format_size.ts";
import { KEYWORDS, MAX_COUNT, SchemaPart, SUPPORTED, TYPES } from "./schema_part.ts";
import { References } from "./schema_references.ts";
import { writeEnum, writeNumberSchema, writeStringSchema } from "./schema_scalars.ts";
import { writeText, writeTexts } from "./writer.ts";

/**
 * Writes the JSON texts that a schema allows: objects with their properties in the schema's order,
 * with the space that `JSON.stringify` and Python's `json.dumps` put between the parts.
 *
 * @returns the entry of the rule for the whole
 * @throws {SyntaxError} where a part of the schema is malformed or not supported, naming its place
 * @throws {RangeError} where a bound in it leaves no value, or it is too complex
 */
export function writeSchema(network: NetworkBuilder, schema: unknown): number {
  const writer = new SchemaWriter(network, schema);
  const entry = writer.rule("#", "#");
  network.writeRules();
  writer.references.assertBeginnings();
  return entry;
}

/** Where a value is written. */
interface Place {
  from: number;
  to: number;
  /** The reference whose value begins here; none where a part of a value has been read. */
  reference?: string;
}

class SchemaWriter {
  readonly references: References;

  constructor(readonly network: NetworkBuilder, schema: unknown) {
    this.references = new References(schema);
  }

  /** The entry of the rule for what a reference at some place leads to. */
  rule(reference: string, place: string): number {
    const { schema, path } = this.references.resolve(reference, place);
    const name = pointer(path);
    return this.network.rule(name, (from, to) => {
      this.#write(schema, path, { from, to, reference: name });
    });
  }

  #write(schema: unknown, path: readonly string[], place: Place): void {
    if (schema === false) return;
    if (schema === true) return writeValue(this.network, place.from, place.to);
    const part = new SchemaPart(schema, path);
    part.assertSupported(SUPPORTED);
    if (part.has("$ref")) {
      part.assertSupported(["$ref"], "cannot stand beside $ref; put it where that leads to");
      this.#writeReference(part, place);
    } else if (part.has("anyOf")) {
      part.assertSupported(["anyOf"], "cannot stand beside anyOf; put it into each of its schemas");
      part.list("anyOf")!.forEach((each, i) => {
        this.#write(each, [...path, "anyOf", String(i)], place);
      });
    } else if (part.has("const") || part.has("enum")) {
      writeEnum(this.network, part, place);
    } else this.#writeTypes(part, place);
  }

  #writeReference(part: SchemaPart, { from, to, reference }: Place): void {
    const [text, at] = [part.text("$ref")!, part.place("$ref")];
    const { path } = this.references.resolve(text, at);
    if (reference !== undefined) this.references.addBeginning(reference, pointer(path));
    this.network.call(from, this.rule(text, at), to);
  }

  #writeTypes(part: SchemaPart, { from, to }: Place): void {
    const { network } = this;
    const types = part.types() ??
      TYPES.filter((type) => KEYWORDS[type].some((name) => part.has(name)));
    if (types.length === 0) return writeValue(network, from, to);
    for (const type of types) {
      if (type === "null") writeText(network, from, "null", to);
      else if (type === "boolean") writeTexts(network, from, ["false", "true"], to);
      else if (type === "string") writeStringSchema(network, part, { from, to });
      else if (type === "array") this.#writeArray(part, from, to);
      else if (type === "object") {
        const write = (schema: unknown, path: string[], from: number, to: number) =>
          this.#write(schema, path, { from, to });
        writeObjectSchema(network, part, { from, to, write });
      } else {
        writeNumberSchema(network, part, { from, to, integer: type === "integer" });
      }
    }
  }

  #writeArray(part: SchemaPart, from: number, to: number): void {
    part.assertOrder("minItems", "maxItems");
    const path = [...part.path, "items"];
    const items = part.get("items", true);
    const rule = this.network.rule(`items of ${pointer(part.path)}`, (from, to) => {
      this.#write(items, path, { from, to });
    });
    writeArray(this.network, {
      from,
      to,
      item: (network, from, to) => network.call(from, rule, to),
      minItems: part.count("minItems", MAX_COUNT),
      maxItems: part.count("maxItems", MAX_COUNT),
    });
  }
}
