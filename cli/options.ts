/**
 * One table per command says everything about its options: flags, keys of the config file, types,
 * units, defaults and help text. The values' TypeScript types follow from the table.
 */
import { parseArgs } from "@std/cli/parse-args";
import { didYouMean, UsageError } from "./usage_error.ts";

interface Row<Type extends string, Value> {
  type: Type;
  /** One sentence for `--help`. */
  help: string;
  /** What the value is counted in, or its placeholder: `tokens`, `DIR` … */
  unit?: string;
  /** Value where neither flag nor config file gives one. */
  default?: Value;
  /** What stands for a default that depends on other options. */
  defaultHelp?: string;
  /** Begins a part of the help text with this title. */
  heading?: string;
}

interface NumberRow<Type extends string> extends Row<Type, number> {
  /** Smallest and largest value. */
  min?: number;
  max?: number;
  /** Bounds that the value itself may not reach. */
  above?: number;
  below?: number;
}

interface StringRow extends Row<"string", string> {
  /** The only values allowed. */
  choices?: readonly string[];
}

interface BooleanRow extends Row<"boolean", boolean> {
  /** Whether `--no-NAME` exists. @default false */
  negatable?: boolean;
}

interface StringsRow extends Row<"strings", readonly string[]> {
  /** The only values allowed. */
  choices?: readonly string[];
}

/** A rule's limits by their names, or whether it is on. */
export type Limits = boolean | Readonly<Record<string, unknown>>;

/**
 * One option. `strings` is a flag that may be repeated; `limits` is `on`, `off` or
 * `NAME=VALUE,…` as a flag, true, false or an object in the config file.
 */
export type OptionRow =
  | StringRow
  | BooleanRow
  | NumberRow<"number">
  | NumberRow<"integer">
  | StringsRow
  | Row<"limits", Limits>;

/** The options of a command by their names in camelCase; flags are the same in kebab-case. */
export type OptionTable = Readonly<Record<string, OptionRow>>;

interface ValueTypes {
  string: string;
  number: number;
  integer: number;
  boolean: boolean;
  strings: string[];
  limits: Limits;
}

type ValueOf<R extends OptionRow> = R extends { choices: readonly (infer C)[] }
  ? (R extends { type: "strings" } ? C[] : C)
  : ValueTypes[R["type"]];

/** Options with a value at all times: those with a default, switches, and repeatable flags. */
type Resolved<R extends OptionRow> = R extends { default: unknown } ? ValueOf<R>
  : R extends { type: "boolean"; negatable?: false } | { type: "strings" } ? ValueOf<R>
  : ValueOf<R> | undefined;

/** Values of all options of a table. */
export type OptionValues<T extends OptionTable> = { [K in keyof T]: Resolved<T[K]> };

/** Values of those options that were given. */
export type GivenOptions<T extends OptionTable> = { [K in keyof T]?: ValueOf<T[K]> };

/** Returns the table as it is, with its literal types kept. */
export function defineOptions<const T extends OptionTable>(table: T): T {
  return table;
}

/** The option of every command that can print machine-readable lines. */
export const JSON_OPTION = {
  json: { type: "boolean", help: "Print machine-readable JSON lines." },
} as const;

/**
 * Reads a command's flags and its config file (`--config FILE`; a flag beats the file).
 *
 * @param args what follows the command's name
 * @throws {UsageError} naming the flag or key that is unknown, with the nearest right one, or whose
 * value does not fit
 */
export function parseOptions<T extends OptionTable>(table: T, args: string[]): OptionValues<T> {
  return withDefaults(table, parseGivenOptions(table, args));
}

/**
 * Reads only the options that the flags and the config file give, without defaults.
 *
 * @throws {UsageError} as {@linkcode parseOptions} does
 */
export function parseGivenOptions<T extends OptionTable>(
  table: T,
  args: string[],
): GivenOptions<T> {
  const { config, ...flags } = readFlags(table, args);
  const file = config === undefined ? {} : readConfig(table, config as string);
  return { ...file, ...flags } as GivenOptions<T>;
}

/** Fills in the table's defaults for what is not given. */
export function withDefaults<T extends OptionTable>(
  table: T,
  given: GivenOptions<T>,
): OptionValues<T> {
  const values: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(table)) {
    const negatable = row.type === "boolean" && row.negatable;
    const none = row.type === "strings"
      ? []
      : row.type === "boolean" && !negatable
      ? false
      : undefined;
    values[name] = given[name] ?? row.default ?? none;
  }
  return values as OptionValues<T>;
}

/** The flag of an option: `batchSize` is `--batch-size`. */
export function flagOf(name: string): string {
  return "--" + name.replace(/[A-Z]/g, (letter) => "-" + letter.toLowerCase());
}

/**
 * A message of the library with its options named as the user types them: `batchSize` becomes
 * `--batch-size` where the table has it. Names of one word, keys in quotes and parts of paths stay.
 */
export function nameFlags(message: string, table: OptionTable): string {
  return message.replace(
    /(?<![\w"'/.:=-])[a-z]+(?:[A-Z][a-z0-9]*)+(?![\w"'/=-]|\.\w)/g,
    (word) => Object.hasOwn(table, word) ? flagOf(word) : word,
  );
}

const CONFIG_ROW: OptionRow = {
  type: "string",
  unit: "FILE",
  help: "JSON file with any of these options, names in camelCase; a flag beats the file.",
};

/** The rows that `--help` lists after the command's own. */
export const BUILT_IN_OPTIONS: OptionTable = {
  config: CONFIG_ROW,
  help: { type: "boolean", help: "Print this help." },
};

function readFlags(table: OptionTable, args: string[]): Record<string, unknown> {
  const rows = Object.entries({ ...table, config: CONFIG_ROW });
  const names = (test: (row: OptionRow) => boolean) =>
    rows.filter(([, row]) => test(row)).map(([name]) => flagOf(name).slice(2));
  const negatable = names((row) => row.type === "boolean" && row.negatable === true);
  const flags = [...rows.map(([name]) => flagOf(name)), ...negatable.map((name) => `--no-${name}`)];
  const unknown = (arg: string): never => {
    const flag = arg.split("=")[0];
    throw new UsageError(
      flag.startsWith("-")
        ? `Unknown option ${flag}.${didYouMean(flag, flags)} --help lists all options.`
        : `Unexpected argument "${arg}": values follow an option's name; --help lists all options.`,
    );
  };
  const parsed: Record<string, unknown> & { _: string[] } = parseArgs(joinValues(rows, args), {
    string: names((row) => row.type !== "boolean"),
    boolean: names((row) => row.type === "boolean"),
    collect: names((row) => row.type === "strings"),
    negatable,
    unknown,
  });
  if (parsed._.length > 0) unknown(String(parsed._[0]));
  const given: Record<string, unknown> = {};
  for (const [name, row] of rows) {
    const flag = flagOf(name);
    // parseArgs gives absent switches a value, so look for the flag itself.
    const here = args.some((arg) => [flag, `--no-${flag.slice(2)}`].includes(arg.split("=")[0]));
    if (here) given[name] = checked(row, flag, fromText(row, parsed[flag.slice(2)]));
  }
  return given;
}

/**
 * Writes `--flag value` as `--flag=value`, since parseArgs takes no value that starts with a dash,
 * as standard input (`-`) and negative numbers do.
 */
function joinValues(rows: [string, OptionRow][], args: string[]): string[] {
  const valued = new Set(rows.filter(([, row]) => row.type !== "boolean").map(([n]) => flagOf(n)));
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    if (!valued.has(args[i])) {
      joined.push(args[i]);
      continue;
    }
    const value = args[i + 1];
    if (value === undefined || value.startsWith("--")) {
      throw new UsageError(
        `${args[i]} needs a value. One that starts with "--" is written ${args[i]}=VALUE.`,
      );
    }
    joined.push(`${args[i++]}=${value}`);
  }
  return joined;
}

/** A flag's text as a value; text that is none stays text and fails the check after. */
function fromText(row: OptionRow, text: unknown): unknown {
  if (typeof text !== "string") return text;
  if (row.type === "limits") return limitsFrom(text);
  const isNumber = row.type === "number" || row.type === "integer";
  return isNumber ? numberFrom(text) : text;
}

function numberFrom(text: string): number | string {
  return text.trim() !== "" && !isNaN(Number(text)) ? Number(text) : text;
}

function limitsFrom(text: string): unknown {
  const words: Record<string, boolean> = { on: true, off: false, true: true, false: false };
  if (Object.hasOwn(words, text)) return words[text];
  const limits = text.split(",").map((part) => /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part));
  if (limits.some((limit) => limit === null)) return text;
  return Object.fromEntries(
    limits.map((limit) => [limit![1], words[limit![2]] ?? numberFrom(limit![2])]),
  );
}

function readConfig(table: OptionTable, path: string): Record<string, unknown> {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    throw new UsageError(`Cannot read --config ${path}: ${(error as Error).message}`);
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `Cannot read --config ${path}: it is no JSON (${(error as Error).message})`,
    );
  }
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new UsageError(`Cannot read --config ${path}: it must hold one object`);
  }
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) {
    if (!Object.hasOwn(table, name)) {
      throw new UsageError(
        `Unknown key "${name}" in ${path}.${didYouMean(name, Object.keys(table))}`,
      );
    }
    const row = table[name];
    const list = row.type === "strings" && typeof value === "string" ? [value] : value;
    given[name] = checked(row, `"${name}" in ${path}`, list);
  }
  return given;
}

/** Returns `value`, or throws a UsageError saying what it must be. */
function checked(row: OptionRow, label: string, value: unknown): unknown {
  const rule = ruleOf(row);
  const fits = {
    string: () => typeof value === "string" && (choicesOf(row)?.includes(value) ?? true),
    strings: () =>
      Array.isArray(value) &&
      value.every((each) => typeof each === "string" && (choicesOf(row)?.includes(each) ?? true)),
    limits: () =>
      typeof value === "boolean" ||
      (typeof value === "object" && value !== null && !Array.isArray(value)),
    boolean: () => typeof value === "boolean",
    integer: () => Number.isSafeInteger(value) && inBounds(row, value as number),
    number: () => Number.isFinite(value) && inBounds(row, value as number),
  };
  if (fits[row.type]()) return value;
  const wrong = [value].flat().find((each) => typeof each === "string");
  const hint = wrong === undefined ? "" : didYouMean(wrong, choicesOf(row) ?? []);
  throw new UsageError(`${label} must be ${rule}, got ${JSON.stringify(value)}.${hint}`);
}

function choicesOf(row: OptionRow): readonly string[] | undefined {
  return row.type === "string" || row.type === "strings" ? row.choices : undefined;
}

function inBounds(row: OptionRow, value: number): boolean {
  if (row.type !== "number" && row.type !== "integer") return true;
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = row;
  return value >= min && value <= max && value > above && value < below;
}

function ruleOf(row: OptionRow): string {
  if (row.type === "string") return row.choices ? `one of ${row.choices.join(", ")}` : "text";
  if (row.type === "strings") {
    return row.choices ? `some of ${row.choices.join(", ")}` : "a list of texts";
  }
  if (row.type === "limits") return "on, off or NAME=VALUE,… (true, false or an object in a file)";
  if (row.type === "boolean") return "true or false";
  const { min, max, above, below } = row;
  const bounds = [
    above !== undefined && `above ${above}`,
    min !== undefined && `at least ${min}`,
    max !== undefined && `at most ${max}`,
    below !== undefined && `below ${below}`,
  ].filter(Boolean).join(" and ");
  const kind = row.type === "integer" ? "a whole number" : "a number";
  return bounds ? `${kind} ${bounds}` : kind;
}
