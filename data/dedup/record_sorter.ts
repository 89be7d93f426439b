import { join } from "@std/path";
import { RecordFile } from "./record_file.ts";

/** Options of `RecordSorter`. */
export interface RecordSorterOptions {
  /** Folder for its files; must exist. */
  folder: string;
  /** Begins the names of its files. */
  name: string;
  /** Words of 32 bits in a record. */
  words: number;
  /** Memory that it may take. */
  memoryBytes: number;
}

/** Runs that are merged at a time. */
const FAN_IN = 128;
/** In a number of 53 bits, 32 are a record's first word and these are its place in the buffer. */
const PLACE_BITS = 21;
const PLACES = 1 << PLACE_BITS;

/**
 * Sorts any number of records of a few 32-bit words, compared word by word, in bounded memory: runs
 * are sorted in memory, written to disk and merged.
 */
export class RecordSorter implements Disposable {
  /** Number of records so far. */
  count = 0;
  readonly #options: RecordSorterOptions;
  readonly #capacity: number;
  /** Records that are not in a run yet; made with the first. */
  #buffer?: Uint32Array<ArrayBuffer>;
  #buffered = 0;
  #runs: RecordFile[] = [];
  #files = 0;

  constructor(options: RecordSorterOptions) {
    this.#options = options;
    const recordBytes = 4 * options.words + Float64Array.BYTES_PER_ELEMENT;
    const fitting = Math.floor(options.memoryBytes / recordBytes);
    this.#capacity = Math.max(1, Math.min(PLACES, fitting));
  }

  /** Adds a copy of a record. */
  add(record: Uint32Array): void {
    const { words } = this.#options;
    if (this.#buffered === this.#capacity) this.#writeRun();
    this.#buffer ??= new Uint32Array(this.#capacity * words);
    this.#buffer.set(record, this.#buffered++ * words);
    this.count++;
  }

  /** All records in order, as views that hold until the next is asked for; ends the sorter. */
  *sorted(): Generator<Uint32Array> {
    this.#writeRun();
    this.#freeBuffer();
    while (this.#runs.length > FAN_IN) {
      const merged = this.#file();
      for (const record of this.#merge(FAN_IN)) merged.write(record, 0, record.length);
      merged.rewind();
    }
    yield* this.#merge(this.#runs.length);
  }

  /** Removes what is left of its files. */
  [Symbol.dispose](): void {
    this.#freeBuffer();
    for (const run of this.#runs.splice(0)) run[Symbol.dispose]();
  }

  /** Gives the memory back at once; left to the collector it may stay for minutes. */
  #freeBuffer(): void {
    this.#buffer?.buffer.transfer(0);
    this.#buffer = undefined;
  }

  #writeRun(): void {
    if (this.#buffered === 0) return;
    const { words } = this.#options;
    const buffer = this.#buffer!;
    const order = sortedPlaces(buffer, this.#buffered, words);
    const run = this.#file();
    for (const place of order) run.write(buffer, place * words, (place + 1) * words);
    run.rewind();
    this.#buffered = 0;
  }

  /** A new file; one of the runs at once, so that it is removed whatever happens. */
  #file(): RecordFile {
    const { folder, name, words, memoryBytes } = this.#options;
    const records = Math.max(1, Math.floor(memoryBytes / (FAN_IN + 1) / (4 * words)));
    const file = new RecordFile(join(folder, `${name}.${this.#files++}`), records * words);
    this.#runs.push(file);
    return file;
  }

  /** Merges the first of the runs and removes them. */
  *#merge(count: number): Generator<Uint32Array> {
    const { words } = this.#options;
    const record = new Uint32Array(words);
    const runs = this.#runs.slice(0, count);
    const heap = new RunHeap(runs, words);
    for (let run; (run = heap.first) !== undefined;) {
      const { block, at } = run;
      for (let i = 0; i < words; i++) record[i] = block![at + i];
      run.skip(words);
      heap.lowerFirst();
      yield record;
    }
    for (const run of this.#runs.splice(0, count)) run[Symbol.dispose]();
  }
}

/** Places of the records of a buffer in the order of the records. */
function sortedPlaces(buffer: Uint32Array, count: number, words: number): Float64Array {
  const places = new Float64Array(count);
  for (let i = 0; i < count; i++) places[i] = buffer[i * words] * PLACES + i;
  places.sort();
  const compare = (a: number, b: number) => {
    let i = 1;
    while (i < words && buffer[a * words + i] === buffer[b * words + i]) i++;
    return i === words ? 0 : buffer[a * words + i] - buffer[b * words + i];
  };
  const first = (i: number) => Math.floor(places[i] / PLACES);
  for (let start = 0; start < count;) {
    const word = first(start);
    let end = start;
    while (end < count && first(end) === word) places[end++] %= PLACES;
    if (end - start > 1) places.subarray(start, end).sort(compare);
    start = end;
  }
  return places;
}

/** Runs with the smallest next record first. */
class RunHeap {
  readonly #runs: RecordFile[];

  constructor(runs: readonly RecordFile[], readonly words: number) {
    this.#runs = runs.filter(({ block }) => block !== undefined);
    for (let i = this.#runs.length >> 1; i-- > 0;) this.#sink(i);
  }

  get first(): RecordFile | undefined {
    return this.#runs[0];
  }

  /** Puts the first in its place after its record was read. */
  lowerFirst(): void {
    const runs = this.#runs;
    if (runs[0].block === undefined) {
      const last = runs.pop()!;
      if (runs.length === 0) return;
      runs[0] = last;
    }
    this.#sink(0);
  }

  #sink(i: number): void {
    const runs = this.#runs;
    for (;;) {
      let least = i;
      for (let child = 2 * i + 1; child <= 2 * i + 2 && child < runs.length; child++) {
        if (this.#less(runs[child], runs[least])) least = child;
      }
      if (least === i) return;
      [runs[i], runs[least]] = [runs[least], runs[i]];
      i = least;
    }
  }

  #less(a: RecordFile, b: RecordFile): boolean {
    const { at: aAt } = a, { at: bAt } = b;
    const aBlock = a.block!, bBlock = b.block!;
    for (let i = 0; i < this.words; i++) {
      const x = aBlock[aAt + i], y = bBlock[bAt + i];
      if (x !== y) return x < y;
    }
    return false;
  }
}
