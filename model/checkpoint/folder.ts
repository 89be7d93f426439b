import { basename, dirname, join } from "@std/path";

/** What a kill leaves of a checkpoint: being written, or being removed. */
const PARTIAL = /^\.step-\d+(\.removed)?\.partial$/;

/**
 * Writes a folder so that it is there as a whole or not at all, whenever the program is killed: it is
 * filled under a hidden name beside the target, flushed to the disk, then renamed.
 *
 * What earlier kills left of checkpoints in the same place is removed.
 *
 * @param fill writes the files into the folder it is given
 * @param options.replace whether a folder of that name may be replaced. @default false
 * @throws {Deno.errors.AlreadyExists} if there is something of that name that may not be replaced
 * @throws {Error} if the disk is full or cannot be written, saying so; nothing else is touched
 */
export async function writeFolder(
  target: string,
  fill: (temporary: string) => Promise<void>,
  options: { replace?: boolean } = {},
): Promise<void> {
  const parent: string = dirname(target);
  const temporary: string = join(parent, `.${basename(target)}.partial`);
  if (!options.replace && await exists(target)) {
    throw new Deno.errors.AlreadyExists(
      `Cannot write ${target}: it exists already, name another folder or remove it`,
    );
  }
  try {
    await Deno.mkdir(parent, { recursive: true });
    await removePartials(parent);
    await removeIfThere(temporary);
    await Deno.mkdir(temporary);
    await fill(temporary);
    await flushTree(temporary);
    if (await exists(target)) await removeFolder(target);
    await Deno.rename(temporary, target);
    await flush(parent, true);
  } catch (error) {
    // What cannot be removed now is removed by the next write; the first error is the one to tell.
    await removeIfThere(temporary).catch(() => {});
    throw explained(error, target);
  }
}

/** Removes a folder so that it is never seen in part: it gets a hidden name before it is deleted. */
export async function removeFolder(target: string): Promise<void> {
  const doomed: string = join(dirname(target), `.${basename(target)}.removed.partial`);
  await removeIfThere(doomed);
  await Deno.rename(target, doomed);
  await Deno.remove(doomed, { recursive: true });
}

/** An error of the disk as one sentence that says what became of the rest; others unchanged. */
function explained(error: unknown, target: string): unknown {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") {
    return error;
  }
  const full = { ENOSPC: "the disk is full", EDQUOT: "the disk quota is used up" }[error.code];
  return new Error(
    `Cannot write ${target}: ${full ?? error.message}. What was written of it is removed, ` +
      `earlier checkpoints are kept${full ? "; make room and go on with --resume" : ""}.`,
    { cause: error },
  );
}

async function removePartials(parent: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    if (isDirectory && PARTIAL.test(name)) await removeIfThere(join(parent, name));
  }
}

async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}

/** Flushes all files of a folder, then the folder. */
async function flushTree(folder: string): Promise<void> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path: string = join(folder, name);
    if (isDirectory) await flushTree(path);
    else if (isFile) await flush(path, false);
  }
  await flush(folder, true);
}

async function flush(path: string, isFolder: boolean): Promise<void> {
  // Windows opens no folders, and flushes a file only through a handle that may write.
  if (isFolder && Deno.build.os === "windows") return;
  using file = await Deno.open(path, isFolder ? { read: true } : { read: true, write: true });
  await file.sync();
}
