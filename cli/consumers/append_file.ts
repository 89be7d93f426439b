/**
 * A text file that only grows, by whole lines. What is appended survives a kill of the program; a
 * line that was cut short by one is removed at the next opening.
 */
export class AppendFile implements Disposable {
  #file: Deno.FsFile;

  /** @throws {Error} if the file cannot be opened for writing */
  constructor(readonly path: string) {
    this.#file = this.#explained(() =>
      Deno.openSync(path, { read: true, write: true, create: true })
    );
    this.#explained(() => this.#dropPartialLine());
  }

  /**
   * Adds text, which must end with a line break.
   *
   * @throws {Error} if it cannot be written, as on a full disk
   */
  append(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#explained(() => {
      for (let done = 0; done < bytes.length;) {
        done += this.#file.writeSync(bytes.subarray(done));
      }
    });
  }

  /** Moves to the end of the file's last whole line and cuts what follows. */
  #dropPartialLine(): void {
    const byte = new Uint8Array(1);
    let end = this.#file.statSync().size;
    for (; end > 0; end--) {
      this.#file.seekSync(end - 1, Deno.SeekMode.Start);
      this.#file.readSync(byte);
      if (byte[0] === 10) break;
    }
    this.#file.truncateSync(end);
    this.#file.seekSync(end, Deno.SeekMode.Start);
  }

  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new Error(`Cannot write ${this.path}: ${(error as Error).message}`);
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
