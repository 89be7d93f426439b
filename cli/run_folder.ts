import { join } from "@std/path";
import type { ChoiceTable } from "../kernels/mod.ts";
import { isTable } from "./kernel_choices.ts";
import type { InputFile } from "./raw_text.ts";

/** Where runs go unless `--out` says otherwise. */
export const RUNS_FOLDER = "runs";

/** A run folder holds at least one of these; a new run never goes where one is. */
const MARKS = [
  "config.json",
  "data.json",
  "kernels.json",
  "data.txt",
  "metrics.jsonl",
  "checkpoints",
  "tokens",
];

/**
 * Makes the folder of a new run and writes `config.json` into it.
 *
 * @param out the folder; undefined for a new one in `runs/` named after model and time
 * @param options every option of the run, resolved
 * @returns the folder
 * @throws {Error} if the folder already holds a run, or cannot be made
 */
export async function createRun(
  out: string | undefined,
  options: Readonly<Record<string, unknown>> & { model: string },
): Promise<string> {
  const folder = out ?? await freeFolder(options.model);
  for (const mark of MARKS) {
    if (await exists(join(folder, mark))) {
      throw new Error(
        `Cannot start a run in ${folder}: it already holds one. Add --resume to go on with it, or name another folder with --out.`,
      );
    }
  }
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (error) {
    throw new Error(`Cannot make the run folder ${folder}: ${(error as Error).message}`);
  }
  await writeRunConfig(folder, options);
  return folder;
}

/** Takes back a run that failed before it began, so that the same command can be tried again. */
export async function discardRun(folder: string): Promise<void> {
  for (const mark of MARKS) {
    await Deno.remove(join(folder, mark), { recursive: true }).catch(() => {});
  }
  // A folder that holds more than the run stays.
  await Deno.remove(folder).catch(() => {});
}

/** Writes a run's `config.json`: every option as it was resolved, a file for `--config`. */
export async function writeRunConfig(
  folder: string,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  await writeJson(join(folder, "config.json"), options);
}

/**
 * Reads the options of a run as they were resolved; undefined where the folder holds none, because
 * there is no such folder or the run was killed at its very start.
 *
 * @throws {Error} if `config.json` cannot be read
 */
export async function readRunConfig(folder: string): Promise<Record<string, unknown> | undefined> {
  return await readJson(join(folder, "config.json")) as Record<string, unknown> | undefined;
}

/** Writes a run's `data.json`: the files it trains on. */
export async function writeRunFiles(folder: string, files: readonly InputFile[]): Promise<void> {
  await writeJson(join(folder, "data.json"), files);
}

/** Reads the files a run was trained on; undefined where it was killed before it had read them. */
export async function readRunFiles(folder: string): Promise<InputFile[] | undefined> {
  return await readJson(join(folder, "data.json")) as InputFile[] | undefined;
}

/** Writes a run's `kernels.json`: the variants of kernels that it trains with. */
export async function writeRunKernels(folder: string, choices: ChoiceTable): Promise<void> {
  await writeJson(join(folder, "kernels.json"), choices);
}

/** Reads the variants that a run was trained with; undefined where it was killed before that. */
export async function readRunKernels(folder: string): Promise<ChoiceTable | undefined> {
  const path = join(folder, "kernels.json");
  const table = await readJson(path);
  if (table === undefined || isTable(table)) return table;
  throw new Error(`Cannot read ${path}: it must hold the orders and the variants of kernels`);
}

/** Writes a file so that it is there whole or not at all. */
async function writeJson(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(`${path}.partial`, JSON.stringify(value, null, 2) + "\n");
  {
    using file = await Deno.open(`${path}.partial`, { write: true });
    await file.sync();
  }
  await Deno.rename(`${path}.partial`, path);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Error(`Cannot read ${path}: ${(error as Error).message}`);
  }
}

/** The run in `root` that was started or resumed last; undefined where there is none. */
export async function newestRun(root: string = RUNS_FOLDER): Promise<string | undefined> {
  let newest: { folder: string; time: number } | undefined;
  if (!await exists(root)) return undefined;
  const names = (await Array.fromAsync(Deno.readDir(root))).map(({ name }) => name).sort();
  for (const name of names) {
    const folder: string = join(root, name);
    const info = await Deno.stat(join(folder, "config.json")).catch(() => undefined);
    const time = info?.mtime?.getTime();
    if (time !== undefined && time >= (newest?.time ?? 0)) newest = { folder, time };
  }
  return newest?.folder;
}

/** A folder of `runs/` that does not exist yet, such as `runs/nano-20250131-174502`. */
async function freeFolder(model: string): Promise<string> {
  const now = new Date();
  const part = (value: number) => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}${part(now.getMonth() + 1)}${part(now.getDate())}`;
  const time = `${part(now.getHours())}${part(now.getMinutes())}${part(now.getSeconds())}`;
  const folder: string = join(RUNS_FOLDER, `${model}-${day}-${time}`);
  let free = folder;
  for (let i = 2; await exists(free); i++) free = `${folder}-${i}`;
  return free;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, (error) => {
    // Below a plain file nothing exists; what cannot be looked at must not pass for missing.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  });
}
