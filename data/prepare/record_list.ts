import { AppendFile } from "../append_file.ts";
import { FileReader } from "./file_reader.ts";

/** Records written or read at once. */
const BLOCK_RECORDS = 4096;

/**
 * Writes records of some 32-bit numbers each to a file, the first of them a document's number; they
 * ascend by it.
 *
 * @returns the number of records
 */
export async function writeRecordList(
  path: string,
  fields: number,
  records: AsyncIterable<ArrayLike<number>> | Iterable<ArrayLike<number>>,
): Promise<number> {
  using file = await AppendFile.open(path, 0);
  const block = new Uint32Array(fields * BLOCK_RECORDS);
  let count = 0;
  const flush = (records: number) =>
    file.append(new Uint8Array(block.buffer, 0, 4 * fields * records));
  for await (const record of records) {
    block.set(record, fields * (count % BLOCK_RECORDS));
    if (++count % BLOCK_RECORDS === 0) await flush(BLOCK_RECORDS);
  }
  await flush(count % BLOCK_RECORDS);
  await file.sync();
  return count;
}

/** A list of records, read along with the documents that it speaks of. */
export class RecordList implements Disposable {
  #reader: FileReader;
  #fields: number;
  #next: Uint32Array | null = null;

  private constructor(reader: FileReader, fields: number) {
    this.#reader = reader;
    this.#fields = fields;
  }

  /** Opens what {@linkcode writeRecordList} wrote, from a document on. */
  static async open(path: string, fields: number, document = 0): Promise<RecordList> {
    const list = new RecordList(await FileReader.open(path), fields);
    await list.#read();
    while (list.#next !== null && list.#next[0] < document) await list.#read();
    return list;
  }

  /** The records of documents before this one that were not taken yet. */
  async takeUntil(document: number): Promise<Uint32Array[]> {
    const taken: Uint32Array[] = [];
    for (; this.#next !== null && this.#next[0] < document; await this.#read()) {
      taken.push(this.#next);
    }
    return taken;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }

  async #read(): Promise<void> {
    const bytes = await this.#reader.read(4 * this.#fields);
    this.#next = bytes && new Uint32Array(bytes.buffer);
  }
}
