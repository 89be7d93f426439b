import { DataError } from "../errors.ts";

const CHUNK_BYTES = 1 << 20;

/** Reads a file of our own by count of bytes, through a buffer of 1 MiB. */
export class FileReader implements Disposable {
  #path: string;
  #file: Deno.FsFile;
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(CHUNK_BYTES);
  /** What of the buffer is still to be read. */
  #start = 0;
  #end = 0;
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
    while (this.#end - this.#start < count) {
      this.#makeRoom(count);
      const got = await this.#file.read(this.#buffer.subarray(this.#end));
      if (got === null) {
        if (this.#end === this.#start) return null;
        throw new DataError(
          `Cannot read the file: wanted ${count} bytes, got ${this.#end - this.#start}; it was ` +
            "cut short, so remove its folder and begin again",
          this.#path,
          this.#offset,
        );
      }
      this.#end += got;
    }
    this.#offset += count;
    return this.#buffer.slice(this.#start, this.#start += count);
  }

  #makeRoom(count: number): void {
    const held = this.#buffer.subarray(this.#start, this.#end);
    if (count > this.#buffer.length) {
      this.#buffer = new Uint8Array(Math.max(count, 2 * held.length));
    }
    this.#buffer.set(held);
    this.#start = 0;
    this.#end = held.length;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
