import { unwritable } from "../append_file.ts";

/** A file of 32-bit words that is written once from front to end, then read so. */
export class RecordFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #block: Uint32Array<ArrayBuffer>;
  /** Words in the block, and how many of them have been read. */
  #filled = 0;
  #at = 0;
  #offset = 0;

  /** Makes a file, with a block of so many words to write and read at once. */
  constructor(readonly path: string, blockWords: number) {
    this.#file = Deno.openSync(path, { read: true, write: true, create: true, truncate: true });
    this.#block = new Uint32Array(blockWords);
  }

  /** Writes a record; the block must hold a whole number of them. */
  write(words: Uint32Array, start: number, end: number): void {
    if (this.#filled === this.#block.length) this.#flush();
    for (let i = start; i < end; i++) this.#block[this.#filled++] = words[i];
  }

  /** Ends writing; reading begins at the front. */
  rewind(): void {
    this.#flush();
    this.#file.seekSync(0, Deno.SeekMode.Start);
    this.#offset = 0;
  }

  /** The block that holds the next record, or undefined at the end of the file. */
  get block(): Uint32Array<ArrayBuffer> | undefined {
    return this.#at < this.#filled || this.#fill() ? this.#block : undefined;
  }

  /** Where in the block the next record begins. */
  get at(): number {
    return this.#at;
  }

  /** Goes past a record. */
  skip(words: number): void {
    this.#at += words;
  }

  /** Closes the file and removes it. */
  [Symbol.dispose](): void {
    this.#file.close();
    Deno.removeSync(this.path);
  }

  #flush(): void {
    writeAll(this.#file, new Uint8Array(this.#block.buffer, 0, 4 * this.#filled), {
      path: this.path,
      offset: this.#offset,
    });
    this.#offset += 4 * this.#filled;
    this.#filled = 0;
  }

  #fill(): boolean {
    this.#filled = readUpTo(this.#file, new Uint8Array(this.#block.buffer)) / 4;
    this.#at = 0;
    return this.#filled > 0;
  }
}

/**
 * Writes all bytes where the file stands.
 *
 * @throws {DataError} where the disk is full, or fails
 */
export function writeAll(
  file: Deno.FsFile,
  bytes: Uint8Array,
  { path, offset }: { path: string; offset: number },
): void {
  try {
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  } catch (cause) {
    throw unwritable(path, offset, cause);
  }
}

/** Reads until the bytes are full or the file ends; how many it has read. */
export function readUpTo(file: Deno.FsFile, bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const read = file.readSync(bytes.subarray(at));
    if (read === null) break;
    at += read;
  }
  return at;
}
