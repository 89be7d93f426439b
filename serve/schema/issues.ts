import type { z } from "@hono/zod-openapi";
import { badRequest, type HttpError } from "../errors.ts";

type Issue = z.core.$ZodIssue;

/** Most faults that one answer names. */
const MAX_ISSUES = 10;
/** Most characters of a value that an answer quotes. */
const MAX_QUOTE = 60;

/** What a validator found. */
export type Validation =
  | { success: true }
  | {
    success: false;
    error: z.ZodError;
    /** What did not fit. */
    data?: unknown;
  };

/**
 * Refuses a body that does not fit its schema, the first fault as `param`.
 *
 * @throws {HttpError} 400 where it does not fit
 */
export function assertValid(validation: Validation): void {
  if (!validation.success) throw invalidBody(validation.error, validation.data);
}

function invalidBody(error: z.ZodError, body: unknown): HttpError {
  const faults = error.issues.slice(0, MAX_ISSUES).map((issue) => faultOf(issue, [], body));
  const more = error.issues.length - faults.length;
  const message = faults.map(({ text }) => text).join("; ") +
    (more > 0 ? `; and ${more} more` : "");
  return badRequest(message, { param: faults[0].param });
}

/** A value as an error may quote it: short, one line. */
export function quote(value: unknown): string {
  // Cut before it is written out, since a value may be a megabyte.
  if (typeof value === "string") return JSON.stringify(value.slice(0, MAX_QUOTE));
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return String(value ?? "null");
}

function faultOf(
  issue: Issue,
  prefix: readonly PropertyKey[],
  body: unknown,
): { param: string | null; text: string } {
  const path = [...prefix, ...issue.path];
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    // The kind that the client meant is the one that fails for more than being another kind.
    const meant = issue.errors.flat().filter(({ code, path }) =>
      path.length > 0 || code !== "invalid_type"
    ).toSorted((a, b) => b.path.length - a.path.length)[0];
    if (meant !== undefined) return faultOf(meant, path, body);
  }
  if (issue.code === "unrecognized_keys") {
    const param = nameOf([...path, issue.keys[0]]);
    const keys = issue.keys.slice(0, MAX_ISSUES).map((key) => quote(nameOf([...path, key])));
    return { param, text: `Unrecognized request argument supplied: ${keys.join(", ")}` };
  }
  const param = nameOf(path);
  const name = param ?? "The body";
  const rule = ruleOf(issue);
  if (rule === undefined) return { param, text: `${name} ${issue.message}` };
  const value = path.reduce<unknown>((part, key) => Object(part)[key], body);
  return { param, text: `${name} ${rule}, got ${value === undefined ? "nothing" : quote(value)}` };
}

/** What a value must be, by what it fails; undefined where the schema's author has said it. */
function ruleOf(issue: Issue): string | undefined {
  if (!/^(Invalid|Too) /.test(issue.message)) return undefined;
  switch (issue.code) {
    case "invalid_type":
      return `must be ${NAMES[issue.expected] ?? issue.expected}`;
    case "too_big":
      return `must ${bound(issue.origin, issue.inclusive ? "at most" : "below", issue.maximum)}`;
    case "too_small":
      return `must ${bound(issue.origin, issue.inclusive ? "at least" : "above", issue.minimum)}`;
    case "invalid_value":
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    default:
      return "is not as it must be";
  }
}

const NAMES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "an array",
  object: "an object",
  record: "an object",
  null: "left out",
};

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === "string") return `have ${relation} ${limit} characters`;
  if (origin === "array") return `have ${relation} ${limit} items`;
  return `be ${relation} ${limit}`;
}

function nameOf(path: readonly PropertyKey[]): string | null {
  return path.length === 0 ? null : path.map((key) => String(key).slice(0, MAX_QUOTE)).join(".");
}
