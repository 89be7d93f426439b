import type { Row } from "../../../data/packing/mod.ts";

/** Runs with a folder of its own, which is removed at the end. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Rows whose tokens tell their row: (row · 10 + place) mod 60,000. */
export function numberedRows(count: number, context: number): Row[] {
  return Array.from({ length: count }, (_, row) => ({
    tokens: Uint16Array.from({ length: context + 1 }, (_, i) => (row * 10 + i) % 60_000),
  }));
}

/** All files of a folder by name. */
export async function filesOf(folder: string): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  for (const name of names.sort()) files[name] = await Deno.readFile(`${folder}/${name}`);
  return files;
}
