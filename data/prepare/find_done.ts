import { join } from "@std/path";
import type { Manifest } from "./manifest.ts";
import { REMOVED_FOLDER, WORK_FOLDER } from "./work.ts";

/**
 * The manifest of work that is done, if the folder holds it. A process may have been killed between
 * the last byte that it wrote and its end, so the same call finds nothing left to do.
 *
 * @param key hash of all that the result depends on
 */
export async function findDone(out: string, key: string): Promise<Manifest | undefined> {
  const isBegun = await Deno.stat(join(out, WORK_FOLDER)).then(() => true, () => false);
  if (isBegun) return undefined;
  const manifest = await Deno.readTextFile(join(out, "manifest.json")).then(JSON.parse)
    .catch(() => undefined) as Manifest | undefined;
  if (manifest?.timing?.work !== key) return undefined;
  await Deno.remove(join(out, REMOVED_FOLDER), { recursive: true }).catch(() => {});
  return manifest;
}
