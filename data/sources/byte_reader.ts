/** Reads a stream of bytes by count instead of by chunk, and knows where it stands. */
export class ByteReader {
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);
  #offset = 0;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** Offset of the next byte in the stream. */
  get offset(): number {
    return this.#offset;
  }

  /** The next bytes, however many there are at hand; null at the end. */
  async next(): Promise<Uint8Array | null> {
    if (this.#held.length === 0 && !await this.#fill()) return null;
    return this.#take(this.#held.length);
  }

  /** The next `count` bytes; fewer only at the end. */
  async read(count: number): Promise<Uint8Array> {
    return this.#take(Math.min(count, (await this.peek(count)).length));
  }

  /** Like `read`, but the bytes stay to be read. */
  async peek(count: number): Promise<Uint8Array> {
    if (this.#held.length < count) {
      const pieces = [this.#held];
      let length = this.#held.length;
      while (length < count && await this.#fill()) {
        pieces.push(this.#held);
        length += this.#held.length;
      }
      this.#held = concatBytes(pieces);
    }
    return this.#held.subarray(0, count);
  }

  /** Passes over `count` bytes without keeping them; returns how many there were. */
  async skip(count: number): Promise<number> {
    let left = count;
    while (left > 0) {
      if (this.#held.length === 0 && !await this.#fill()) break;
      left -= this.#take(Math.min(left, this.#held.length)).length;
    }
    return count - left;
  }

  /** Puts back the bytes that were read last. */
  unread(bytes: Uint8Array): void {
    this.#held = this.#held.length === 0 ? bytes : concatBytes([bytes, this.#held]);
    this.#offset -= bytes.length;
  }

  /** Gives up the stream. */
  async cancel(reason?: unknown): Promise<void> {
    await this.#reader.cancel(reason);
  }

  async #fill(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) {
        this.#held = new Uint8Array(0);
        return false;
      }
      if (value.length > 0) {
        this.#held = value;
        return true;
      }
    }
  }

  #take(count: number): Uint8Array {
    const bytes = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    this.#offset += count;
    return bytes;
  }
}

/**
 * A transform written as a loop that reads bytes and yields what it makes of them. It reads only
 * when asked for more; cancelling it, or an error in the loop, gives up its source.
 */
export function readingTransform<T>(
  read: (bytes: ByteReader) => AsyncGenerator<T>,
): ReadableWritablePair<T, Uint8Array> {
  const { readable: input, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const bytes = new ByteReader(input);
  const made = read(bytes);
  const readable = new ReadableStream<T>({
    async pull(controller) {
      try {
        const { done, value } = await made.next();
        if (!done) return controller.enqueue(value);
        controller.close();
        await bytes.cancel();
      } catch (error) {
        await bytes.cancel(error).catch(() => {}); // the source's own error comes back here
        throw error;
      }
    },
    async cancel(reason) {
      await bytes.cancel(reason);
      await made.return(undefined);
    },
  }, { highWaterMark: 0 });
  return { readable, writable };
}

/** The pieces in one array; a single piece as it is. */
export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
