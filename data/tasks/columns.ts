import { DataError } from "../errors.ts";
import { type FileRecord, readRecords } from "../sources/mod.ts";
import { attempt, BadExample, describe, emptyTaskReport, type OnBad } from "./reader.ts";
import type { Place, TaskReader, TaskReport } from "./reader.ts";

/** Formats with columns. */
export type TableFormat = "csv" | "tsv" | "jsonl";

/** Options of the readers of tables. */
export interface TableOptions {
  /** How the file is to be read. @default by its name; `tsv` where that tells nothing */
  format?: TableFormat;
  /** Whether the first row of CSV or TSV names the columns. @default guessed from its words */
  header?: boolean;
  /** What to do with a row that can't be used. @default "error" */
  onBad?: OnBad;
}

/** A thing that a task reads from a column. */
export interface Role {
  /** Such as `text`. */
  name: string;
  /** The column asked for: its name, or its number from 1. @default guessed */
  column?: string;
  /** Names that it goes by, in small letters. */
  known: readonly string[];
}

/** The fields of one row by the names of the roles; `object` is a whole line of JSON. */
export type RoleFields = Record<string, unknown>;

/** What a task makes of a table. */
export interface TableTask<T> {
  roles: readonly Role[];
  /** The columns of the roles that names tell nothing of, in their order. */
  guess(rows: readonly string[][], free: readonly number[], roles: readonly Role[]): number[];
  make(fields: RoleFields, place: Place): T;
}

/** Rows that are looked at before columns are guessed. */
const SAMPLE_ROWS = 100;

/** Reads the examples of a task from a table. */
export function readTable<T>(
  path: string,
  task: TableTask<T>,
  options: TableOptions,
): TaskReader<T> {
  const { onBad = "error" } = options;
  const format = options.format ?? tableFormatOf(path);
  const report = emptyTaskReport(path);
  let held: FileRecord[] = [];
  let fieldsOf: ((record: FileRecord) => RoleFields) | undefined;
  const records = readRecords(path, format);

  function* settle(): Generator<T> {
    const rows = held;
    held = [];
    if (rows.length === 0) return;
    fieldsOf = format === "jsonl"
      ? objectColumns(path, rows, task, report)
      : rowColumns(path, rows, task, options, report);
    for (const row of report.header ? rows.slice(1) : rows) yield* use(row);
  }

  function* use(record: FileRecord): Generator<T> {
    const place = { path, line: record.line, offset: record.offset };
    const made = attempt(report, place, onBad, () => task.make(fieldsOf!(record), place));
    if (made !== undefined) yield made;
  }

  const readable = records.readable.pipeThrough(
    new TransformStream<FileRecord, T>({
      transform(record, controller) {
        if (fieldsOf === undefined) held.push(record);
        const made = fieldsOf !== undefined
          ? use(record)
          : held.length === SAMPLE_ROWS
          ? settle()
          : [];
        for (const example of made) controller.enqueue(example);
      },
      flush(controller) {
        if (fieldsOf === undefined) { for (const example of settle()) controller.enqueue(example); }
      },
    }),
  );
  return { readable, writable: records.writable, report };
}

/**
 * One line on the columns of a file and whether they were guessed.
 *
 * @returns such as `columns of a.tsv: label 1, text 2 (guessed: name them to be sure)`
 */
export function describeColumns({ path, columns = {}, guessed }: TaskReport): string {
  const list = Object.entries(columns).map(([role, column]) => `${role} ${column}`).join(", ");
  return `columns of ${path}: ${list}${guessed ? " (guessed: name them to be sure)" : ""}`;
}

function tableFormatOf(path: string): TableFormat {
  const suffix = /\.(csv|jsonl|ndjson)(\.(gz|zst|zstd|br))?$/i.exec(path)?.[1].toLowerCase();
  return suffix === "csv" ? "csv" : suffix === undefined ? "tsv" : "jsonl";
}

function rowColumns<T>(
  path: string,
  records: readonly FileRecord[],
  task: TableTask<T>,
  options: TableOptions,
  report: TaskReport,
): (record: FileRecord) => RoleFields {
  const rows = records.map(({ value }) => value as string[]);
  const [first] = rows;
  const nameIndex = ({ column, known }: Role): number =>
    column !== undefined
      ? first.indexOf(column)
      : first.findIndex((name) => known.includes(name.trim().toLowerCase()));
  const header = options.header ??
    task.roles.every((role) =>
      nameIndex(role) >= 0 || (role.column !== undefined && /^\d+$/.test(role.column))
    );
  // Numbers alone say nothing of the first row.
  report.header = header && (options.header === true || task.roles.some((r) => nameIndex(r) >= 0));
  const indices = task.roles.map((role) => {
    const named = report.header ? nameIndex(role) : -1;
    if (named >= 0 || role.column === undefined) return named;
    const number = /^\d+$/.test(role.column) ? Number(role.column) - 1 : -1;
    if (number >= 0 && number < first.length) return number;
    throw new DataError(
      `Cannot find the column of the ${role.name}: wanted ${role.column}, got ${
        report.header ? first.join(", ") : `${first.length} columns without names`
      }; name one of them, or its number from 1`,
      path,
    );
  });
  report.guessed = task.roles.some(({ column }) => column === undefined);
  fillIn(path, indices, report.header ? rows.slice(1) : rows, task, first.length);
  report.columns = Object.fromEntries(
    task.roles.map((
      { name },
      i,
    ) => [name, report.header ? first[indices[i]] : `${indices[i] + 1}`]),
  );
  return ({ value }) => {
    const cells = value as string[];
    if (cells.length !== first.length) {
      throw new BadExample(
        "another number of fields",
        `wanted ${first.length} fields as on the first line, got ${cells.length}; mend its ` +
          "separators, or skip such lines",
      );
    }
    return Object.fromEntries(task.roles.map(({ name }, i) => [name, cells[indices[i]]]));
  };
}

/** Guesses the columns that are still at -1. */
function fillIn<T>(
  path: string,
  indices: number[],
  rows: readonly string[][],
  task: TableTask<T>,
  columns: number,
): void {
  const open = task.roles.filter((_, i) => indices[i] < 0);
  const free = Array.from({ length: columns }, (_, i) => i).filter((i) => !indices.includes(i));
  if (open.length > free.length) {
    throw new DataError(
      `Cannot find the columns: wanted ${task.roles.map(({ name }) => name).join(" and ")}, got ` +
        `${columns} ${columns === 1 ? "column" : "columns"}; check the format of the file (csv, ` +
        "tsv or jsonl)",
      path,
    );
  }
  if (open.length === 0) return;
  const whole = rows.filter(({ length }) => length === columns);
  const guessed = task.guess(whole, free, open);
  for (let i = 0, next = 0; i < indices.length; i++) {
    if (indices[i] < 0) indices[i] = guessed[next++];
  }
}

function objectColumns<T>(
  path: string,
  records: readonly FileRecord[],
  task: TableTask<T>,
  report: TaskReport,
): (record: FileRecord) => RoleFields {
  const [{ value }] = records;
  const keys = isRecord(value) ? Object.keys(value) : [];
  const names = task.roles.map(({ name, column, known }) => {
    const found = column ?? keys.find((key) => known.includes(key.toLowerCase()));
    if (found !== undefined) return found;
    throw new DataError(
      `Cannot find the ${name} in line ${records[0].line}: wanted one of ${known.join(", ")}, got ${
        keys.join(", ") || describe(value)
      }; name the key that holds it`,
      path,
      records[0].offset,
    );
  });
  report.guessed = task.roles.some(({ column }) => column === undefined);
  report.columns = Object.fromEntries(task.roles.map(({ name }, i) => [name, names[i]]));
  return ({ value }) => {
    if (!isRecord(value)) {
      throw new BadExample("no object", `wanted a JSON object, got ${describe(value)}`);
    }
    const fields = task.roles.map(({ name }, i): [string, unknown] => [name, value[names[i]]]);
    return { ...Object.fromEntries(fields), object: value };
  };
}

/** Whether a value of JSON is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
