import { writeAll } from "../append_file.ts";
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
