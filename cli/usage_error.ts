import { closestString, levenshteinDistance } from "@std/text";

/** The command line or the config file is wrong; the program ends with exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/**
 * A question that names the word most like a mistyped one; empty where none is near.
 *
 * @example
 * ```ts ignore
 * didYouMean("trian", ["train", "eval"]); // ' Did you mean "train"?'
 * ```
 */
export function didYouMean(given: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const nearest: string = closestString(given, known);
  const distance: number = levenshteinDistance(given.toLowerCase(), nearest.toLowerCase());
  const near = distance <= Math.max(2, Math.ceil(Math.max(given.length, nearest.length) / 2));
  return near ? ` Did you mean "${nearest}"?` : "";
}
