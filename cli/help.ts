import { BUILT_IN_OPTIONS, flagOf, type OptionRow, type OptionTable } from "./options.ts";

/** What `--help` says of a command apart from its options. */
export interface CommandText {
  name: string;
  /** One line, as the list of commands shows it. */
  summary: string;
}

/** Width of the help text in characters. */
const WIDTH = 100;

/** The text of `quern COMMAND --help`, made from the command's table of options. */
export function helpText({ name, summary }: CommandText, table: OptionTable): string {
  const rows = Object.entries({ ...table, ...BUILT_IN_OPTIONS });
  const lines = columnLines(rows.map(([key, row]) => [flagHelp(key, row), sentence(row)]));
  const titled = lines.map((line, i) => {
    const { heading } = rows[i][1];
    return heading === undefined ? line : `${i === 0 ? "" : "\n"}${heading}:\n${line}`;
  });
  return [
    `quern ${name}: ${summary}`,
    "",
    `Usage: quern ${name} [options]    (or: deno task quern ${name} [options])`,
    "",
    ...(rows[0][1].heading === undefined ? ["Options:"] : []),
    ...titled,
  ].join("\n");
}

/** Two columns, the second wrapped within the page. */
export function columns(rows: readonly [string, string][]): string {
  return columnLines(rows).join("\n");
}

function columnLines(rows: readonly [string, string][]): string[] {
  const indent = Math.max(...rows.map(([left]) => left.length)) + 4;
  return rows.map(([left, right]) => {
    const lines = wrap(right, WIDTH - indent);
    return ("  " + left).padEnd(indent) + lines.join("\n" + " ".repeat(indent));
  });
}

function flagHelp(key: string, row: OptionRow): string {
  const flag = flagOf(key);
  if (row.type === "boolean") return row.negatable ? `${flag}, --no-${flag.slice(2)}` : flag;
  const kinds = {
    number: "NUMBER",
    integer: "N",
    string: "TEXT",
    strings: "TEXT",
    limits: "LIMITS",
  };
  const kind = kinds[row.type];
  const isPlaceholder = row.unit !== undefined && row.unit === row.unit.toUpperCase();
  return `${flag} ${isPlaceholder ? row.unit : kind}`;
}

/** Help, then unit, choices and default. */
function sentence(row: OptionRow): string {
  const notes: string[] = [];
  const isNumber = row.type === "number" || row.type === "integer";
  if (isNumber && row.unit) notes.push(`in ${row.unit}`);
  if ((row.type === "string" || row.type === "strings") && row.choices) {
    notes.push(row.choices.join(" | "));
  }
  if (row.type === "strings") notes.push("may be repeated");
  const usual = row.type === "boolean" && row.default !== undefined
    ? (row.default ? "yes" : "no")
    : row.default;
  const preset = row.defaultHelp ?? usual;
  if (preset !== undefined) notes.push(`default: ${preset}`);
  return row.help + (notes.length > 0 ? ` (${notes.join("; ")})` : "");
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (last && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}
