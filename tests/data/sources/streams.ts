import { concatBytes as concat } from "../../../data/sources/byte_reader.ts";

/** Ways to cut bytes into chunks that meet every border: one by one, in odd sizes, with empties. */
export function* cutBytes(input: Uint8Array[]): Generator<Uint8Array[]> {
  const bytes = concat(input);
  for (const size of [1, 2, 3, 7, 64, 1000]) {
    if (bytes.length / size > 5000) continue; // slow, and larger sizes meet other borders
    const chunks = [new Uint8Array(0)];
    for (let i = 0; i < bytes.length; i += size) chunks.push(bytes.slice(i, i + size));
    yield chunks;
  }
}

/** All bytes of a stream in one array. */
export async function collectBytes(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return concat(await Array.fromAsync(stream));
}

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Calls `body` with a fresh folder that holds these files and removes it afterwards. */
export async function withFiles(
  files: Record<string, string | Uint8Array>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = `${folder}/${name}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await Deno.writeFile(path, typeof content === "string" ? utf8(content) : content);
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
