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
  const whole = format.type === "json_schema" ? format.schema : format;
  const left: Found[] = [{ value: whole, name: "", depth: 0 }];
  const read = (text: string, found: Found) => {
    characters += text.length;
    if (characters > MAX_CHARACTERS) {
      throw tooLarge(`${MAX_CHARACTERS} characters of text`, found, "shorten names and texts");
    }
  };
  for (let found = left.pop(); found !== undefined; found = left.pop()) {
    const { value, depth } = found;
    if (typeof value === "string") read(value, found);
    if (typeof value !== "object" || value === null) continue;
    if (depth >= MAX_DEPTH) throw tooLarge(`a depth of ${MAX_DEPTH}`, found, "nest it less");
    const isList = Array.isArray(value);
    values += isList ? value.length : 0;
    const names = values > MAX_VALUES ? [] : Object.keys(value);
    values += isList ? 0 : names.length;
    if (values > MAX_VALUES) throw tooLarge(`${MAX_VALUES} values`, found, "list less");
    for (const name of names) {
      if (!isList) read(name, found);
      const part = (value as Record<string, unknown>)[name];
      left.push({ value: part, name, parent: found, depth: depth + 1 });
    }
  }
}

/** A value within a format, and what it is in. */
interface Found {
  value: unknown;
  name: string;
  parent?: Found;
  depth: number;
}

function tooLarge(bound: string, found: Found, remedy: string): RangeError {
  const path: string[] = [];
  for (let at = found; at.parent !== undefined; at = at.parent) path.unshift(at.name);
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
