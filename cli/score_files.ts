import { DataError, readTagged, readTaskFiles, readText, type Tagged } from "../data/mod.ts";

/**
 * The lines of a file, compressed or not.
 *
 * @throws {DataError} where it is missing, empty or no UTF-8
 */
export async function readLines(path: string): Promise<string[]> {
  let text = "";
  for await (const part of readText([path])) text += part;
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/**
 * As many lines as there are of something else.
 *
 * @throws {DataError} where there are more or fewer
 */
export async function readAsMany(path: string, count: number, of: string): Promise<string[]> {
  const lines = await readLines(path);
  if (lines.length === count) return lines;
  throw new DataError(
    `Cannot compare: wanted ${count} lines, one for each of ${of}, got ${lines.length}; check that ` +
      "no output holds a line break",
    path,
  );
}

/**
 * The sentences of CoNLL files.
 *
 * @param scheme whether tags must be IOB2, or may be any, as a model wrote them
 */
export async function readSentences(
  paths: readonly string[],
  scheme: "iob2" | "any",
): Promise<Tagged[]> {
  return await Array.fromAsync(
    readTaskFiles(paths, (path) => readTagged(path, { scheme, format: "conll" })).examples,
  );
}

/**
 * Lines of JSON, each a list of numbers.
 *
 * @throws {DataError} naming the line that is none
 */
export async function readNumberLists(path: string): Promise<number[][]> {
  return (await readLines(path)).map((line, i) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      value = undefined;
    }
    if (Array.isArray(value) && value.every((each) => typeof each === "number")) return value;
    throw new DataError(
      `Cannot use line ${i + 1}: wanted the log-likelihoods of the endings as [-1.5, -2.25, …], ` +
        `got ${line.slice(0, 60)}`,
      path,
    );
  });
}
