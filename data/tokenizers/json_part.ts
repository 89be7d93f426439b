import { DataError } from "../errors.ts";

/**
 * A part of a `tokenizer.json`. It hands out its fields, each checked, and knows which were asked
 * for, so that a field that nobody knows is an error and not passed over.
 */
export class JsonPart {
  /** The fields as they stand. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #asked = new Set<string>();

  /**
   * @param where the part's place in the file, such as `model.vocab`; the whole file if empty
   * @param path the file's name, for errors
   * @throws {DataError} where the part is no object
   */
  constructor(value: unknown, readonly where: string, path: string) {
    this.#path = path;
    if (!isRecord(value)) this.#refuse(where || "the content", "an object", value);
    this.fields = value;
  }

  /** Whether a field is there and isn't null. */
  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  /** A field as it stands; undefined where it is absent or null. */
  raw(name: string): unknown {
    this.#asked.add(name);
    return Object.hasOwn(this.fields, name) ? this.fields[name] ?? undefined : undefined;
  }

  /** A text, or the default where there is none. */
  string(name: string, otherwise?: string): string {
    const value = this.raw(name) ?? otherwise;
    if (typeof value !== "string") this.refuse(name, "a text", value);
    return value;
  }

  /** A text, if there is one. */
  optionalString(name: string): string | undefined {
    return this.has(name) ? this.string(name) : undefined;
  }

  /** One of some texts. */
  choice<T extends string>(name: string, choices: readonly T[], otherwise?: T): T {
    const value = this.raw(name) ?? otherwise;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) {
      this.refuse(
        name,
        `one of ${choices.map((choice) => JSON.stringify(choice)).join(" ")}`,
        value,
      );
    }
    return found;
  }

  /** True or false. */
  boolean(name: string, otherwise?: boolean): boolean {
    const value = this.raw(name) ?? otherwise;
    if (typeof value !== "boolean") this.refuse(name, "true or false", value);
    return value;
  }

  /** A whole number of at least 0. */
  count(name: string, otherwise?: number): number {
    const value = this.raw(name) ?? otherwise;
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      this.refuse(name, "a whole number of at least 0", value);
    }
    return value as number;
  }

  /** A list; an empty one where there is none. */
  list(name: string): unknown[] {
    const value = this.raw(name) ?? [];
    if (!Array.isArray(value)) this.refuse(name, "a list", value);
    return value;
  }

  /** A part of this part. */
  part(name: string): JsonPart {
    return new JsonPart(this.raw(name), this.place(name), this.#path);
  }

  /** A part of this part, if it is there. */
  optionalPart(name: string): JsonPart | undefined {
    return this.has(name) ? this.part(name) : undefined;
  }

  /** The parts in a list. */
  parts(name: string): JsonPart[] {
    return this.list(name).map((value, i) =>
      new JsonPart(value, `${this.place(name)}[${i}]`, this.#path)
    );
  }

  /**
   * Ends the reading of this part.
   *
   * @throws {DataError} naming a field that was not asked for, unless it is null
   */
  end(): void {
    for (const [name, value] of Object.entries(this.fields)) {
      if (!this.#asked.has(name) && value !== null) {
        this.refuse(name, `a field of ${this.where || "a tokenizer"} that is known here`, value);
      }
    }
  }

  /** Where a field stands in the file. */
  place(name: string): string {
    return this.where === "" ? name : `${this.where}.${name}`;
  }

  /** Throws a DataError that names the field, what is wanted and what is there. */
  refuse(name: string, wanted: string, got: unknown): never {
    this.#refuse(this.place(name), wanted, got);
  }

  #refuse(place: string, wanted: string, got: unknown): never {
    throw new DataError(
      `Cannot use the tokenizer: ${place} must be ${wanted}, got ${show(got)}; ` +
        "mend the file, or use one that a Hugging Face tokenizer was saved to",
      this.#path,
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value in a few words, however large it is. */
function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (!isRecord(value)) return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 60);
  return typeof value.type === "string"
    ? `one of type ${value.type.slice(0, 60)}`
    : `an object of ${Object.keys(value).length} entries`;
}
