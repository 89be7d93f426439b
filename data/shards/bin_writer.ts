import { AppendFile } from "../append_file.ts";
import type { Row } from "../packing/mod.ts";
import { HEADER_BYTES, LLAMA3_MAGIC } from "./token_file.ts";
import { writeSums } from "./token_sums.ts";

/** Bytes that are gathered before they are written. */
const BUFFER_BYTES = 1 << 20;

/** Options of `BinWriter`. */
export interface BinWriterOptions {
  /**
   * Number of different tokens, V: up to 65,536 the file is nanoGPT's, u16 and nothing else; above
   * it is llm.c's of version 7, a header and u32.
   */
  vocabularySize: number;
}

/** How far a writer has come, as plain JSON. */
export interface BinWriterState {
  /** Tokens that are on the disk. */
  tokens: number;
}

/**
 * Writes the rows of `concat` as one file of tokens, and the hashes of its blocks beside as
 * `NAME.bin.json`. It is written as `NAME.bin.partial`, flushed and renamed; what was written up to a
 * `state` can be gone on from.
 */
export class BinWriter implements Disposable {
  #path: string;
  #wide: boolean;
  #file: AppendFile;
  #tokens: number;
  #buffer = new Uint8Array(BUFFER_BYTES);
  #filled = 0;

  private constructor(path: string, wide: boolean, file: AppendFile, tokens: number) {
    this.#path = path;
    this.#wide = wide;
    this.#file = file;
    this.#tokens = tokens;
  }

  /**
   * Begins a file, or goes on with one.
   *
   * @param state what `state` returned, the options being the same
   * @throws {DataError} where tokens that the state tells of are missing
   */
  static async open(
    path: string,
    { vocabularySize }: BinWriterOptions,
    state: BinWriterState = { tokens: 0 },
  ): Promise<BinWriter> {
    const wide = vocabularySize > 1 << 16;
    const partial = `${path}.partial`;
    // Finished since that state: it goes back to work.
    if (state.tokens > 0 && !await exists(partial) && await exists(path)) {
      await Deno.rename(path, partial);
    }
    const header = wide ? HEADER_BYTES : 0;
    const written = state.tokens > 0 ? header + state.tokens * (wide ? 4 : 2) : 0;
    const file = await AppendFile.open(partial, written);
    if (written < header) await file.append(new Uint8Array(header));
    return new BinWriter(path, wide, file, state.tokens);
  }

  /**
   * Adds a row; the token that it shares with the row before is not written again.
   *
   * @throws {TypeError} where the row has document ids or weights, which the format cannot hold
   */
  async write({ tokens, documentIds, weights }: Row): Promise<void> {
    if (documentIds || weights) {
      throw new TypeError(
        "Cannot write a .bin: wanted rows of concat, got rows with document ids or weights; use " +
          "concat, or write MDS",
      );
    }
    const fresh = this.#tokens === 0 ? tokens : tokens.subarray(1);
    const ids = this.#wide ? Uint32Array.from(fresh) : Uint16Array.from(fresh);
    if (this.#filled + ids.byteLength > BUFFER_BYTES) await this.#flush();
    const bytes = new Uint8Array(ids.buffer);
    if (bytes.length > BUFFER_BYTES) await this.#file.append(bytes);
    else {
      this.#buffer.set(bytes, this.#filled);
      this.#filled += bytes.length;
    }
    this.#tokens += ids.length;
  }

  /** Brings all tokens to the disk and tells how far the work has come. */
  async state(): Promise<BinWriterState> {
    await this.#flush();
    await this.#file.sync();
    return { tokens: this.#tokens };
  }

  /**
   * Writes the header and the hashes, and gives the file its name.
   *
   * @throws {RangeError} where llm.c's header cannot hold the number of tokens
   */
  async finish(): Promise<void> {
    await this.#flush();
    if (this.#wide) {
      if (this.#tokens >= 2 ** 31) {
        throw new RangeError(
          `Cannot write a .bin: llm.c's header holds fewer than 2³¹ tokens, got ${this.#tokens}; ` +
            "write MDS",
        );
      }
      const header = new Int32Array(HEADER_BYTES / 4);
      header.set([LLAMA3_MAGIC, 7, this.#tokens]);
      await this.#file.overwrite(0, new Uint8Array(header.buffer));
    }
    await this.#file.sync();
    await writeSums(`${this.#path}.partial`, this.#path);
    await Deno.rename(`${this.#path}.partial`, this.#path);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }

  async #flush(): Promise<void> {
    await this.#file.append(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
