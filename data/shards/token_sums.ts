/** Hashes of a token file, block by block, in a file beside it. */
import { createHash } from "node:crypto";
import { DataError } from "../errors.ts";
import { openToRead, readInto, writeWhole } from "./files.ts";

/** Bytes that have one hash. */
export const SUMS_BLOCK_BYTES: number = 1 << 22;

/** What stands in `NAME.bin.json`. */
export interface TokenSums {
  /** Length of the file. */
  bytes: number;
  block_bytes: number;
  /** Of each block, the last of them short; hexadecimal. */
  sha256: string[];
}

/** Hashes a file and writes what it found beside the place where it is going to be. */
export async function writeSums(file: string, path: string): Promise<void> {
  using input = await openToRead(file);
  const { size } = await input.stat();
  const sums: TokenSums = { bytes: size, block_bytes: SUMS_BLOCK_BYTES, sha256: [] };
  const block = new Uint8Array(SUMS_BLOCK_BYTES);
  for (let at = 0; at < size; at += block.length) {
    const part = block.subarray(0, size - at);
    await readInto(input, part, file, at);
    sums.sha256.push(createHash("sha256").update(part).digest("hex"));
  }
  await writeWhole(sumsPath(path), [new TextEncoder().encode(JSON.stringify(sums, null, 1))]);
}

/**
 * The hashes beside a token file, where there are any.
 *
 * @throws {DataError} where they are no hashes, or of a file of another length
 */
export async function readSums({ path }: { path: string }): Promise<TokenSums | undefined> {
  const text = await Deno.readTextFile(sumsPath(path)).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  let sums: TokenSums | undefined;
  try {
    sums = JSON.parse(text);
  } catch {
    // Told below.
  }
  const { size } = await Deno.stat(path);
  const wanted = Math.ceil(size / SUMS_BLOCK_BYTES);
  if (
    sums?.bytes === size && sums.block_bytes === SUMS_BLOCK_BYTES &&
    Array.isArray(sums.sha256) && sums.sha256.length === wanted
  ) return sums;
  throw new DataError(
    `Cannot read tokens: wanted the hashes of a file of ${size} bytes, got those of ` +
      `${sums?.bytes ?? "nothing"}; write the file again, or remove its hashes`,
    sumsPath(path),
  );
}

/**
 * Checks whole blocks of a file.
 *
 * @param from where they begin, in bytes
 * @throws {DataError} at the first that is not what its hash says
 */
export function assertBlocks(
  { sha256 }: TokenSums,
  content: Uint8Array,
  from: number,
  path: string,
): void {
  for (let at = 0; at < content.length; at += SUMS_BLOCK_BYTES) {
    const expected = sha256[(from + at) / SUMS_BLOCK_BYTES];
    const block = content.subarray(at, at + SUMS_BLOCK_BYTES);
    const found = createHash("sha256").update(block).digest("hex");
    if (found === expected) continue;
    throw new DataError(
      `Cannot read tokens: wanted sha256 ${expected} of ${block.length} bytes, got ${found}; the ` +
        "file is damaged, write it again",
      path,
      from + at,
    );
  }
}

/** Where the hashes of a token file are. */
export function sumsPath(path: string): string {
  return `${path}.json`;
}
