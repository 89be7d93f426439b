import { DataError } from "./errors.ts";

/** A file that is only ever added to, from a known length on. */
export class AppendFile implements Disposable {
  #path: string;
  #file: Deno.FsFile;
  #bytes: number;

  private constructor(path: string, file: Deno.FsFile, bytes: number) {
    this.#path = path;
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
    return new AppendFile(path, file, bytes);
  }

  /** Length of the file. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds to the file.
   *
   * @throws {DataError} where the disk is full, or fails
   */
  async append(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#file, bytes, { path: this.#path, offset: this.#bytes });
    this.#bytes += bytes.length;
  }

  /** Writes over bytes that stand in the file already; the next `append` still goes to its end. */
  async overwrite(offset: number, bytes: Uint8Array): Promise<void> {
    await this.#file.seek(offset, Deno.SeekMode.Start);
    await writeAll(this.#file, bytes, { path: this.#path, offset });
    await this.#file.seek(this.#bytes, Deno.SeekMode.Start);
  }

  /**
   * Waits until all is on the disk.
   *
   * @throws {DataError} where the disk is full, or fails
   */
  async sync(): Promise<void> {
    try {
      await this.#file.syncData();
    } catch (cause) {
      throw unwritable(this.#path, this.#bytes, cause);
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Writes all of the bytes where the file stands.
 *
 * @param place names the file and where that is, for errors
 * @throws {DataError} where the disk is full, or fails
 */
export async function writeAll(
  file: Deno.FsFile,
  bytes: Uint8Array,
  place: { path: string; offset: number },
): Promise<void> {
  let done = 0;
  try {
    while (done < bytes.length) done += await file.write(bytes.subarray(done));
  } catch (cause) {
    throw unwritable(place.path, place.offset + done, cause);
  }
}

/** The error of a file that the disk does not take. */
export function unwritable(path: string, offset: number, cause: unknown): DataError {
  const reason = cause instanceof Error ? cause.message : cause;
  return new DataError(
    `Cannot write the file: ${reason}; free space on its disk, then run it again`,
    path,
    offset,
    { cause },
  );
}
