import { pointer, shorten } from "./format_size.ts";

const NUMBER_KEYWORDS = ["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum"]
  .concat("multipleOf");
/** The keywords that bind the values of each type. */
export const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  object: ["additionalProperties", "properties", "required"],
  array: ["items", "maxItems", "minItems"],
  string: ["format", "maxLength", "minLength", "pattern"],
  number: NUMBER_KEYWORDS,
  integer: NUMBER_KEYWORDS,
  boolean: [],
  null: [],
};
/** The types. */
export const TYPES: readonly string[] = Object.keys(KEYWORDS);
/** The keywords that bind values at all. */
export const SUPPORTED: readonly string[] = [
  ...new Set([...Object.values(KEYWORDS).flat(), "$ref", "anyOf", "const", "enum", "type"]),
].sort();
/** Keywords that leave what is valid as it is. */
const ANNOTATIONS = ["$comment", "$defs", "$schema", "default", "definitions", "deprecated"]
  .concat("description", "examples", "readOnly", "title", "writeOnly");
/** Most items and characters that are counted. */
export const MAX_COUNT = 10_000;

/** A schema within a schema, which hands out its keywords checked. */
export class SchemaPart {
  /** The keywords as they stand. */
  readonly keywords: Readonly<Record<string, unknown>>;

  /**
   * @param path the names that lead to it from the whole schema
   * @throws {SyntaxError} where it is no object
   */
  constructor(value: unknown, readonly path: readonly string[]) {
    if (!isRecord(value)) {
      throw malformed(shorten(pointer(path)), "an object, true or false", value);
    }
    this.keywords = value;
  }

  /**
   * Checks that there are no keywords but some, and those that bind no value.
   *
   * @throws {SyntaxError} naming another one, and why it may not be there
   */
  assertSupported(
    names: readonly string[],
    why = `is not supported; use only ${names.join(", ")}`,
  ): void {
    const free = this.path.length === 0 ? [...ANNOTATIONS, "$id"] : ANNOTATIONS;
    const other = Object.keys(this.keywords)
      .find((name) => !names.includes(name) && !free.includes(name));
    if (other !== undefined) this.refuseKeyword(other, why);
  }

  /** Whether a keyword is there. */
  has(name: string): boolean {
    return Object.hasOwn(this.keywords, name);
  }

  /** The value of a keyword, or the default where it is absent. */
  get(name: string, otherwise?: unknown): unknown {
    return this.has(name) ? this.keywords[name] : otherwise;
  }

  /** A number, if there is one. */
  number(name: string): number | undefined {
    const value = this.get(name);
    if (value !== undefined && typeof value !== "number") this.refuse(name, "a number");
    return value;
  }

  /** A whole number of 0 to `most`, if there is one. */
  count(name: string, most: number): number | undefined {
    const value = this.number(name);
    if (value !== undefined && !(Number.isInteger(value) && value >= 0)) {
      this.refuse(name, "a whole number of at least 0");
    }
    if (value !== undefined && value > most) {
      throw new RangeError(
        `Cannot use the schema: ${this.place(name)} must be at most ${most}, got ${value}; make ` +
          "it smaller or leave it out",
      );
    }
    return value;
  }

  /** A text, if there is one. */
  text(name: string): string | undefined {
    const value = this.get(name);
    if (value !== undefined && typeof value !== "string") this.refuse(name, "a text");
    return value;
  }

  /** A list of at least one, if there is one. */
  list(name: string): readonly unknown[] | undefined {
    const value = this.get(name);
    if (value !== undefined && !(Array.isArray(value) && value.length > 0)) {
      this.refuse(name, "a list of at least one");
    }
    return value as unknown[] | undefined;
  }

  /** The types, if they are told. */
  types(): readonly string[] | undefined {
    const type = this.get("type");
    if (type === undefined) return undefined;
    const types = Array.isArray(type) && type.length > 0 ? type : [type];
    if (!types.every((each) => TYPES.includes(each))) {
      this.refuse("type", `one of ${TYPES.join(", ")}, or a list of them`);
    }
    return types;
  }

  /** The entries of an object, if there is one. */
  entries(name: string): [string, unknown][] | undefined {
    const value = this.get(name);
    if (value !== undefined && !isRecord(value)) this.refuse(name, "an object");
    return value && Object.entries(value);
  }

  /** Refuses the part where a lower bound is above the upper one. */
  assertOrder(low: string, high: string): void {
    const [from, to] = [this.number(low) ?? -Infinity, this.number(high) ?? Infinity];
    if (from <= to) return;
    throw new RangeError(
      `Cannot use the schema: ${this.place(low)} must be at most ${high}, ${to}, got ${from}; ` +
        "no value is in between",
    );
  }

  /** Does something with a keyword; an error tells where it stands. */
  within<T>(name: string, use: () => T): T {
    try {
      return use();
    } catch (cause) {
      if (!(cause instanceof SyntaxError || cause instanceof RangeError)) throw cause;
      const kind = cause instanceof SyntaxError ? SyntaxError : RangeError;
      throw new kind(`Cannot use the schema at ${this.place(name)}: ${cause.message}`, { cause });
    }
  }

  /** Where a keyword stands, for messages. */
  place(name: string): string {
    return shorten(pointer([...this.path, name]));
  }

  /** Throws a SyntaxError that names a keyword, what is wanted and what is there. */
  refuse(name: string, wanted: string): never {
    throw malformed(this.place(name), wanted, this.get(name));
  }

  /** Throws a SyntaxError that names a keyword that cannot be obeyed. */
  refuseKeyword(name: string, why: string): never {
    throw new SyntaxError(
      `Cannot use the schema: the keyword ${JSON.stringify(name.slice(0, 60))} at ` +
        `${shorten(pointer(this.path))} ${why}`,
    );
  }
}

/** Whether a value is an object with keywords. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(place: string, wanted: string, got: unknown): SyntaxError {
  const shown = Array.isArray(got)
    ? `a list of ${got.length}`
    : isRecord(got)
    ? "an object"
    : String(JSON.stringify(got)).slice(0, 60);
  return new SyntaxError(
    `Cannot use the schema: ${place} must be ${wanted}, got ${shown}; mend it`,
  );
}
