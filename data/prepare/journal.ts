import { DataError } from "../errors.ts";

/**
 * A file of JSON lines that is only ever added to. What was recorded is on the disk when `record`
 * returns; a line that a crash cut short never happened.
 */
export class Journal<Entry> implements Disposable {
  #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /**
   * Opens a journal, or begins one.
   *
   * @returns the journal and what stands in it
   * @throws {DataError} where a line before the last is no JSON
   */
  static async open<Entry>(path: string): Promise<{ journal: Journal<Entry>; entries: Entry[] }> {
    const file = await Deno.open(path, { read: true, write: true, create: true });
    const bytes = await Deno.readFile(path);
    const whole = bytes.lastIndexOf(0x0a) + 1;
    const entries: Entry[] = [];
    let offset = 0;
    for (let end; (end = bytes.indexOf(0x0a, offset)) >= 0; offset = end + 1) {
      try {
        entries.push(JSON.parse(new TextDecoder().decode(bytes.subarray(offset, end))));
      } catch (cause) {
        file.close();
        throw new DataError(
          "Cannot go on: the journal is damaged; remove its folder and begin again",
          path,
          offset,
          { cause },
        );
      }
    }
    await file.truncate(whole);
    await file.seek(whole, Deno.SeekMode.Start);
    return { journal: new Journal<Entry>(file), entries };
  }

  /** Adds an entry and waits until it is on the disk. */
  async record(entry: Entry): Promise<void> {
    await writeAll(this.#file, new TextEncoder().encode(JSON.stringify(entry) + "\n"));
    await this.#file.syncData();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

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
        `Cannot go on: wanted ${bytes} bytes, got ${size}; remove its folder and begin again`,
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

  /** Waits until all is on the disk. */
  async sync(): Promise<void> {
    await this.#file.syncData();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}
