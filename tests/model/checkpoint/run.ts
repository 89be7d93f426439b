import {
  checkpointFolder,
  listCheckpoints,
  writeFolder,
  writeSafetensors,
} from "../../../model/checkpoint/mod.ts";

export async function inRun(use: (run: string) => Promise<void>): Promise<void> {
  const run = await Deno.makeTempDir();
  try {
    await use(run);
  } finally {
    await Deno.remove(run, { recursive: true });
  }
}

export async function fill(folder: string, state: unknown): Promise<void> {
  await Deno.writeTextFile(`${folder}/config.json`, "{}");
  const read = () => new Float32Array(2);
  await writeSafetensors(`${folder}/model.safetensors`, [{ name: "a", shape: [2], read }]);
  await Deno.writeTextFile(`${folder}/trainer.json`, JSON.stringify(state));
}

export function save(run: string, iteration: number, validationLoss?: number): Promise<void> {
  return writeFolder(
    checkpointFolder(run, iteration),
    (folder) => fill(folder, { iteration, ...(validationLoss ? { validationLoss } : {}) }),
  );
}

export async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

export async function iterations(run: string): Promise<number[]> {
  return (await listCheckpoints(run)).map(({ iteration }) => iteration);
}
