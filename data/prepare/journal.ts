import { AppendFile } from "../append_file.ts";
import { DataError } from "../errors.ts";

/**
 * A file of JSON lines that is only ever added to. What was recorded is on the disk when `record`
 * returns; a line that a crash cut short never happened.
 */
export class Journal<Entry> implements Disposable {
  #file: AppendFile;

  private constructor(file: AppendFile) {
    this.#file = file;
  }

  /**
   * Opens a journal, or begins one.
   *
   * @returns the journal and what stands in it
   * @throws {DataError} where a line before the last is no JSON
   */
  static async open<Entry>(path: string): Promise<{ journal: Journal<Entry>; entries: Entry[] }> {
    const bytes = await Deno.readFile(path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return new Uint8Array();
      throw error;
    });
    const whole = bytes.lastIndexOf(0x0a) + 1;
    const entries: Entry[] = [];
    let offset = 0;
    for (let end; (end = bytes.indexOf(0x0a, offset)) >= 0; offset = end + 1) {
      try {
        entries.push(JSON.parse(new TextDecoder().decode(bytes.subarray(offset, end))));
      } catch (cause) {
        throw new DataError(
          "Cannot go on: the journal is damaged; remove its folder and begin again",
          path,
          offset,
          { cause },
        );
      }
    }
    return { journal: new Journal<Entry>(await AppendFile.open(path, whole)), entries };
  }

  /** Adds an entry and waits until it is on the disk. */
  async record(entry: Entry): Promise<void> {
    await this.#file.append(new TextEncoder().encode(JSON.stringify(entry) + "\n"));
    await this.#file.sync();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
