import type { OutputFormat } from "./format.ts";

/** Most values and names in a format. */
const MAX_VALUES = 50_000;
/** Most characters of all its texts, in UTF-16 code units. */
const MAX_CHARACTERS = 120_000;
/** Most arrays and objects within each other. */
const MAX_DEPTH = 64;

/**
 * Checks a format's size before anything is made of it, looking at no more of it than the bounds.
 *
 * @throws {RangeError} naming the bound, and the place where it is passed
 */
export function assertFormatSize(format: OutputFormat): void {
  let values = 0;
  let characters = 0;
  const left: [value: unknown, path: string[]][] = [
    [format.type === "json_schema" ? format.schema : format, []],
  ];
  const count = (more: number, path: string[]) => {
    values += more;
    if (values > MAX_VALUES) throw tooLarge(`${MAX_VALUES} values`, path, "list less");
  };
  const read = (text: string, path: string[]) => {
    characters += text.length;
    if (characters > MAX_CHARACTERS) {
      throw tooLarge(`${MAX_CHARACTERS} characters of text`, path, "shorten names and texts");
    }
  };
  while (left.length > 0) {
    const [value, path] = left.pop()!;
    if (typeof value === "string") read(value, path);
    if (typeof value !== "object" || value === null) continue;
    if (path.length >= MAX_DEPTH) throw tooLarge(`a depth of ${MAX_DEPTH}`, path, "nest it less");
    if (Array.isArray(value)) count(value.length, path);
    for (const [name, part] of Object.entries(value)) {
      if (!Array.isArray(value)) {
        count(1, path);
        read(name, path);
      }
      left.push([part, [...path, name]]);
    }
  }
}

function tooLarge(bound: string, path: string[], remedy: string): RangeError {
  return new RangeError(
    `Cannot use the format: it must have at most ${bound}, has more at ${
      shorten(pointer(path))
    }; ${remedy}`,
  );
}

/** A place in a schema, as a fragment that `$ref` takes. */
export function pointer(path: readonly string[]): string {
  return "#" + path.map((part) => "/" + part.replaceAll("~", "~0").replaceAll("/", "~1")).join("");
}

/** A text for a message, its middle left out where it is long. */
export function shorten(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 120)}…${text.slice(-79)}`;
}
