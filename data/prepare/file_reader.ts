import { DataError } from "../errors.ts";

const CHUNK_BYTES = 1 << 20;

/** Reads a file of our own by count of bytes, through a buffer of 1 MiB. */
export class FileReader implements Disposable {
  #path: string;
  #file: Deno.FsFile;
  #held: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #offset: number;

  private constructor(path: string, file: Deno.FsFile, offset: number) {
    this.#path = path;
    this.#file = file;
    this.#offset = offset;
  }

  /** Opens a file to read from an offset on. */
  static async open(path: string, offset = 0): Promise<FileReader> {
    const file = await Deno.open(path);
    await file.seek(offset, Deno.SeekMode.Start);
    return new FileReader(path, file, offset);
  }

  /** Offset of the next byte. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * A copy of the next bytes; null at the end of the file.
   *
   * @throws {DataError} where the file ends before their number is reached
   */
  async read(count: number): Promise<Uint8Array<ArrayBuffer> | null> {
    while (this.#held.length < count) {
      const chunk = new Uint8Array(this.#held.length + Math.max(count, CHUNK_BYTES));
      chunk.set(this.#held);
      const got = await this.#file.read(chunk.subarray(this.#held.length));
      if (got === null) {
        if (this.#held.length === 0) return null;
        throw new DataError(
          `Cannot read the file: wanted ${count} bytes, got ${this.#held.length}; it was cut ` +
            "short, so remove its folder and begin again",
          this.#path,
          this.#offset,
        );
      }
      this.#held = chunk.subarray(0, this.#held.length + got);
    }
    const bytes = this.#held.slice(0, count);
    this.#held = this.#held.subarray(count);
    this.#offset += count;
    return bytes;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
