import { basename, resolve } from "@std/path";
import type { ModelSource } from "../serve/mod.ts";
import { openModelFolder } from "./checkpoint_options.ts";
import { newestRun } from "./run_folder.ts";
import { UsageError } from "./usage_error.ts";

/** What a model may be called in requests. */
const NAME = /^[\w.-]+(\/[\w.-]+)*$/;

/**
 * The models that `--from [NAME=]DIR` names; without a name the folder's own.
 *
 * @param from values of the option
 * @throws {UsageError} where a name is impossible or given twice
 * @throws {Error} where a folder holds no model
 */
export async function findModels(
  from: readonly string[],
  checkpoint: string,
): Promise<ModelSource[]> {
  const named: { name?: string; folder?: string }[] = from.length > 0
    ? from.map(splitName)
    : [{ folder: await newestRun() }];
  const models: ModelSource[] = [];
  for (const { name, folder } of named) {
    const path = await openModelFolder({ from: folder, checkpoint });
    const id = name ?? (basename(resolve(folder!)) as string).replace(/[^\w.-]/g, "-");
    if (models.some((model) => model.id === id)) {
      throw new UsageError(
        `--from names ${id} twice. Give each a name of its own: --from NAME=DIR.`,
      );
    }
    models.push({ id, folder: path });
  }
  return models;
}

function splitName(text: string): { name?: string; folder: string } {
  const at = text.indexOf("=");
  if (at < 0) return { folder: text };
  const [name, folder] = [text.slice(0, at), text.slice(at + 1)];
  if (NAME.test(name) && !/(^|\/)\.{1,2}(\/|$)/.test(name) && folder !== "") {
    return { name, folder };
  }
  throw new UsageError(
    `--from must be DIR or NAME=DIR, the name of letters, digits, "_", "-", "." and "/"; got "${text}".`,
  );
}
