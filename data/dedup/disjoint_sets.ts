import { readUpTo, writeAll } from "./record_file.ts";

/** Words of 32 bits in a page: 16 KiB. */
const PAGE_WORDS = 4096;
/** Words of an element: how far below it its parent lies, and a mark or the size of its set. */
const WORDS = 2;

interface Page {
  words: Uint32Array<ArrayBuffer>;
  changed: boolean;
}

/**
 * Union–find over whole numbers from 0, the root of a set being its smallest. The table is a file,
 * 8 bytes an element; a bounded number of its pages is in memory.
 */
export class DisjointSets implements Disposable {
  readonly #file: Deno.FsFile;
  /** In the order in which they were read. */
  readonly #pages = new Map<number, Page>();
  readonly #maxPages: number;
  #last?: { index: number; page: Page };

  /** Makes the table's file. */
  constructor(readonly path: string, memoryBytes: number) {
    this.#maxPages = Math.max(2, Math.floor(memoryBytes / (4 * PAGE_WORDS)));
    this.#file = Deno.openSync(path, { read: true, write: true, create: true, truncate: true });
  }

  /** The smallest of an element's set. */
  find(element: number): number {
    let parent = element - this.#get(element, 0);
    while (parent !== element) {
      const above = parent - this.#get(parent, 0);
      if (above !== parent) this.#set(element, 0, element - above);
      [element, parent] = [parent, above];
    }
    return element;
  }

  /** Makes one set of those of a and b. */
  union(a: number, b: number): void {
    const [x, y] = [this.find(a), this.find(b)];
    if (x !== y) this.#set(Math.max(x, y), 0, Math.abs(x - y));
  }

  /** The number kept beside an element, 0 at first. */
  mark(element: number): number {
    return this.#get(element, 1);
  }

  /** Keeps a number below 2³² beside an element. */
  setMark(element: number, mark: number): void {
    this.#set(element, 1, mark);
  }

  /** Closes the file and removes it. */
  [Symbol.dispose](): void {
    this.#file.close();
    Deno.removeSync(this.path);
  }

  #get(element: number, word: number): number {
    const at = WORDS * element + word;
    return this.#page(at).words[at % PAGE_WORDS];
  }

  #set(element: number, word: number, value: number): void {
    const at = WORDS * element + word;
    const page = this.#page(at);
    page.words[at % PAGE_WORDS] = value;
    page.changed = true;
  }

  #page(at: number): Page {
    const index = Math.floor(at / PAGE_WORDS);
    if (this.#last?.index === index) return this.#last.page;
    const page = this.#pages.get(index) ?? this.#read(index);
    this.#last = { index, page };
    return page;
  }

  #read(index: number): Page {
    const page = this.#pages.size < this.#maxPages ? newPage() : this.#takeOldest();
    // What was never written is a hole in the file, or behind its end: each element its own set.
    this.#file.seekSync(4 * PAGE_WORDS * index, Deno.SeekMode.Start);
    const read = readUpTo(this.#file, new Uint8Array(page.words.buffer));
    page.words.fill(0, read / 4);
    this.#pages.set(index, page);
    return page;
  }

  #takeOldest(): Page {
    const [[index, page]] = this.#pages;
    this.#pages.delete(index);
    if (page.changed) {
      const offset = this.#file.seekSync(4 * PAGE_WORDS * index, Deno.SeekMode.Start);
      writeAll(this.#file, new Uint8Array(page.words.buffer), { path: this.path, offset });
      page.changed = false;
    }
    return page;
  }
}

function newPage(): Page {
  return { words: new Uint32Array(PAGE_WORDS), changed: false };
}
