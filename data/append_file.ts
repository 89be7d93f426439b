import { DataError } from "./errors.ts";

/** A file that is only ever added to, from a known length on. */
export class AppendFile implements Disposable {
  #file: Deno.FsFile;
  #bytes: number;

  private constructor(file: Deno.FsFile, bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /**
   * Opens a file to go on after its first `bytes`; what stands behind them is cut off.
   *
   * @throws {DataError} where the file is shorter than that
   */
  static async open(path: string, bytes: number): Promise<AppendFile> {
    const file = await Deno.open(path, { read: true, write: true, create: true });
    const { size } = await file.stat();
    if (size < bytes) {
      file.close();
      throw new DataError(
        `Cannot go on: wanted ${bytes} bytes, got ${size}; remove the folder and begin again`,
        path,
        size,
      );
    }
    await file.truncate(bytes);
    await file.seek(bytes, Deno.SeekMode.Start);
    return new AppendFile(file, bytes);
  }

  /** Length of the file. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds to the file. */
  async append(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#file, bytes);
    this.#bytes += bytes.length;
  }

  /** Writes over bytes that stand in the file already; the next `append` still goes to its end. */
  async overwrite(offset: number, bytes: Uint8Array): Promise<void> {
    await this.#file.seek(offset, Deno.SeekMode.Start);
    await writeAll(this.#file, bytes);
    await this.#file.seek(this.#bytes, Deno.SeekMode.Start);
  }

  /** Waits until all is on the disk. */
  async sync(): Promise<void> {
    await this.#file.syncData();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Writes all of the bytes where the file stands. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}
