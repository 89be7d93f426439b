/** Lines that may wait for a slow reader. */
const MAX_WAITING = 10_000;

/**
 * Writes lines without ever making anyone wait: where the reader is too slow, lines are dropped and
 * their number is told once it reads again.
 */
export class LineWriter {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #waiting = 0;
  #dropped = 0;

  constructor(stream: WritableStream<Uint8Array>) {
    this.#writer = stream.getWriter();
  }

  /** Writes a line, or drops it. */
  write(line: string): void {
    if (this.#waiting >= MAX_WAITING) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.write(JSON.stringify({ level: "error", error: `${dropped} lines were dropped` }));
    }
    this.#waiting++;
    // A reader that is gone must not end the server.
    this.#writer.write(new TextEncoder().encode(line + "\n")).catch(() => {})
      .finally(() => this.#waiting--);
  }

  /** Waits until all is written. */
  async close(): Promise<void> {
    await this.#writer.ready.catch(() => {});
    this.#writer.releaseLock();
  }
}
