import { createHash, type Hash } from "node:crypto";
import { AppendFile } from "../append_file.ts";
import { DataError } from "../errors.ts";

/** Bytes read at once while those before are hashed. */
const CHUNK_BYTES = 1 << 22;

/**
 * Writes a file that is either whole or not there: beside, flushed, renamed.
 *
 * @throws what writing throws, or the chunks; then nothing is left
 */
export async function writeWhole(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const partial = `${path}.partial`;
  try {
    using file = await AppendFile.open(partial, 0);
    for await (const chunk of chunks) await file.append(chunk);
    await file.sync();
  } catch (error) {
    await removeIfThere(partial);
    throw error;
  }
  await Deno.rename(partial, path);
}

/** The bytes of a file of our own, in chunks that are used up one by one. */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  using file = await openToRead(path);
  const chunk = new Uint8Array(CHUNK_BYTES);
  for (let count; (count = await file.read(chunk)) !== null;) yield chunk.subarray(0, count);
}

/** Counts and hashes bytes that pass. */
export class Digest {
  #bytes = 0;
  #hashes: [name: string, hash: Hash][];

  constructor(algorithms: readonly string[]) {
    this.#hashes = algorithms.map((name) => [name, createHash(opensslName(name))]);
  }

  /** The chunks as they come. */
  async *pass(
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#bytes += chunk.length;
      for (const [, hash] of this.#hashes) hash.update(chunk);
      yield chunk;
    }
  }

  /** Number of bytes and their hexadecimal digests, once all have passed. */
  result(): { bytes: number; hashes: Record<string, string> } {
    const digests = this.#hashes.map(([name, hash]) => [name, hash.digest("hex")]);
    return { bytes: this.#bytes, hashes: Object.fromEntries(digests) };
  }
}

/** Removes a file if it is there. */
export async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/**
 * Opens a file to read.
 *
 * @throws {DataError} where it is missing or cannot be read
 */
export async function openToRead(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound ? "there is no such file" : `${cause}`;
    throw new DataError(`Cannot read the shard: ${why}; check the path`, path, 0, { cause });
  }
}

/**
 * Reads a file whole, while it is hashed.
 *
 * @param bytes how long the file must be
 * @throws {DataError} where it is missing, or longer or shorter than that
 */
export async function readWhole(
  path: string,
  bytes: number,
  algorithms: readonly string[],
): Promise<{ content: Uint8Array<ArrayBuffer>; digests: Record<string, string> }> {
  using file = await openToRead(path);
  const { size } = await file.stat();
  if (size !== bytes) {
    throw new DataError(
      `Cannot read the shard: wanted ${bytes} bytes, got ${size}; fetch or write it again`,
      path,
      Math.min(size, bytes),
    );
  }
  // It ends at a multiple of 8, so numbers at its end are aligned and need no copy.
  const content = new Uint8Array(new ArrayBuffer(bytes + (-bytes & 7)), -bytes & 7, bytes);
  const hashes = algorithms.map((name) => createHash(opensslName(name)));
  const chunk = (at: number) => content.subarray(at, at + CHUNK_BYTES);
  let next = readInto(file, chunk(0), path, 0);
  for (let at = 0; at < bytes; at += CHUNK_BYTES) {
    await next;
    // Reading goes on in the background while this chunk is hashed.
    if (at + CHUNK_BYTES < bytes) {
      next = readInto(file, chunk(at + CHUNK_BYTES), path, at + CHUNK_BYTES);
    }
    for (const hash of hashes) hash.update(chunk(at));
  }
  return {
    content,
    digests: Object.fromEntries(algorithms.map((name, i) => [name, hashes[i].digest("hex")])),
  };
}

/**
 * Fills `into` from where the file stands.
 *
 * @param offset where that is, in bytes
 * @throws {DataError} where the file ends before
 */
export async function readInto(
  file: Deno.FsFile,
  into: Uint8Array,
  path: string,
  offset: number,
): Promise<void> {
  for (let done = 0; done < into.length;) {
    const count = await file.read(into.subarray(done));
    if (count === null) {
      throw new DataError(
        `Cannot read the shard: wanted ${into.length} bytes from ${offset} on, got ${done}; the ` +
          "file is cut short, fetch or write it again",
        path,
        offset + done,
      );
    }
    done += count;
  }
}

/**
 * Checks a digest for each algorithm.
 *
 * @throws {DataError} at the first that differs
 */
export function assertDigests(
  expected: Record<string, string>,
  found: Record<string, string>,
  path: string,
): void {
  for (const [name, digest] of Object.entries(expected)) {
    if (found[name] === digest) continue;
    throw new DataError(
      `Cannot read the shard: wanted ${name} ${digest}, got ${found[name]}; it is damaged, fetch ` +
        "or write it again",
      path,
    );
  }
}

/** Digests of bytes by the name of the algorithm. */
export function digestsOf(
  bytes: Uint8Array,
  algorithms: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    algorithms.map((name) => [name, createHash(opensslName(name)).update(bytes).digest("hex")]),
  );
}

/** Algorithms of Python's hashlib that can be checked, by the name that OpenSSL has for them. */
const OPENSSL: Record<string, string> = {
  ...Object.fromEntries(
    ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"].map((name) => [name, name]),
  ),
  blake2b: "blake2b512",
  blake2s: "blake2s256",
  sha3_224: "sha3-224",
  sha3_256: "sha3-256",
  sha3_384: "sha3-384",
  sha3_512: "sha3-512",
};

/** Whether an algorithm of that name can be checked. */
export function isKnownHash(name: string): boolean {
  return Object.hasOwn(OPENSSL, name);
}

function opensslName(name: string): string {
  return OPENSSL[name];
}
