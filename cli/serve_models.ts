import { basename, resolve } from "@std/path";
import { readAdapter } from "../model/mod.ts";
import type { AdapterSource, ModelSource } from "../serve/mod.ts";
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

/**
 * The models with the adapters that `--adapter NAME=DIR` names, each beside the model that it is for.
 *
 * @throws {UsageError} where one has no name, or that of another, or its model is not served
 * @throws {Error} where a folder holds no adapter
 */
export async function addAdapters(
  models: readonly ModelSource[],
  adapters: readonly string[],
  checkpoint: string,
): Promise<ModelSource[]> {
  const served = models.map((model) => ({ ...model, adapters: [] as AdapterSource[] }));
  const names = new Set(models.map(({ id }) => id));
  const folders = await Promise.all(models.map(({ folder }) => Deno.realPath(folder)));
  for (const text of adapters) {
    const { name, folder } = splitName(text);
    if (name === undefined) {
      throw new UsageError(`--adapter needs a name: --adapter NAME=DIR, got "${text}".`);
    }
    if (names.has(name)) throw new UsageError(`--adapter names ${name} twice.`);
    names.add(name);
    const path = await openModelFolder({ from: folder, checkpoint });
    const { base } = await readAdapter(path);
    const at = folders.indexOf(base);
    // Of an only model the adapter's own mark tells whether it fits.
    const model = served[at] ?? (served.length === 1 ? served[0] : undefined);
    if (!model) {
      throw new UsageError(
        `--adapter ${name} is for ${base}, which is none of the models; add --from ${base}.`,
      );
    }
    model.adapters.push({ id: name, folder: path });
  }
  return served;
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
