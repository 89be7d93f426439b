import { readText } from "../data/mod.ts";

/** Options of `quern prepare` that name files of lines. */
const LISTS = [
  "blockedDomains",
  "blockedUrlSubwords",
  "blockedUrlWords",
  "blockedUrls",
  "blockedWords",
  "boilerplateLines",
  "suspiciousUrlWords",
] as const;

type ListName = typeof LISTS[number];

/**
 * The lines of the files that were named; blank ones and comments (`# …`) are passed over.
 *
 * @throws {DataError} where a file cannot be read
 */
export async function readLists(
  files: Readonly<Record<ListName, string[]>>,
): Promise<Partial<Record<ListName, string[]>>> {
  const lists: Partial<Record<ListName, string[]>> = {};
  for (const name of LISTS) {
    if (files[name].length === 0) continue;
    const lines: string[] = [];
    for (const file of files[name]) {
      const text = (await Array.fromAsync(readText([file]))).join("");
      lines.push(...text.split("\n").map((line) => line.trim()));
    }
    lists[name] = lines.filter((line) => line !== "" && !/^#(?:\s|$)/.test(line));
  }
  return lists;
}
