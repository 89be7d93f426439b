import { crc32 } from "node:zlib";
import type { Compressors } from "hyparquet";
import { DataError } from "../../errors.ts";
import { PAGE_DECODERS } from "./parquet_codecs.ts";
import { checkContent, type ColumnShape } from "./parquet_content.ts";
import { findBrokenPage, type Page } from "./parquet_pages.ts";

/** A column chunk that is to be checked. */
export interface CheckedColumn {
  /** Number of values that the footer tells. */
  values: number;
  shape: ColumnShape;
  /** Whether its pages are compressed. */
  isPacked: boolean;
}

/** A page that can be checked once it is unpacked. */
interface WaitingPage {
  page: Page;
  shape: ColumnShape;
  levels: Uint8Array;
  /** Offset of the page in the file. */
  offset: number;
}

/**
 * Checks the pages of a row group before the library decodes them, since that trusts what they say.
 * Pages that are compressed are checked when the library has them unpacked.
 */
export class PageChecks {
  #waiting = new Map<string, WaitingPage[]>();

  /**
   * @param path the file's name, for errors
   * @param maxBytes the most that a page may unpack to
   */
  constructor(readonly path: string, readonly maxBytes: number) {}

  /**
   * Checks the pages of a column chunk.
   *
   * @param offset where it begins in the file
   * @throws {DataError} at the first page that is not what it says
   */
  add(chunk: Uint8Array, offset: number, { values, shape, isPacked }: CheckedColumn): void {
    const pages: Page[] = [];
    const wrong = findBrokenPage(chunk, values, this.maxBytes, (page) => pages.push(page));
    if (wrong !== null) throw brokenParquet(this.path, offset + wrong.offset, wrong.found);
    for (const page of pages) {
      const end = page.start + page.packed;
      const bodyAt = Math.min(end, page.start + page.repetitionBytes + page.definitionBytes);
      const levels = chunk.subarray(page.start, bodyAt);
      const body = chunk.subarray(bodyAt, end);
      const waiting = { page, shape, levels, offset: offset + page.offset };
      if (!isPacked || !page.isPacked) this.#check(waiting, body);
      else this.#remember(keyOf(body), waiting);
    }
  }

  /** Decoders that make no more of a page than fits, and check what they have made. */
  decoders(): Compressors {
    return Object.fromEntries(
      Object.entries(PAGE_DECODERS).map(([name, unpack]) => [
        name,
        (input: Uint8Array, bytes: number): Uint8Array => {
          if (bytes > this.maxBytes) throw new Error(`a page of ${bytes} bytes`);
          const body = unpack(input, bytes);
          for (const waiting of this.#waiting.get(keyOf(input)) ?? []) this.#check(waiting, body);
          return body;
        },
      ]),
    );
  }

  #remember(key: string, waiting: WaitingPage): void {
    const same = this.#waiting.get(key);
    if (same === undefined) this.#waiting.set(key, [waiting]);
    else same.push(waiting);
  }

  #check({ page, shape, levels, offset }: WaitingPage, body: Uint8Array): void {
    try {
      checkContent(page, { levels, body }, shape, this.maxBytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const found = `${page.values} values in a page, got ${error.message}`;
      throw brokenParquet(this.path, offset, found);
    }
  }
}

/** The library hands on copies, so a page is known by what it holds. */
function keyOf(body: Uint8Array): string {
  return `${body.length} ${crc32(body)}`;
}

/** The error of a file that is not what it says. */
export function brokenParquet(path: string, offset: number, found: string): DataError {
  return new DataError(
    `Cannot read Parquet: wanted ${found}; the file is corrupt, fetch it again`,
    path,
    offset,
  );
}
