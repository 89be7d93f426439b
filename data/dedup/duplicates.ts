import { join } from "@std/path";
import { DisjointSets } from "./disjoint_sets.ts";
import { KEY_BYTES } from "./minhash.ts";
import { pauser } from "./pauser.ts";
import { RecordSorter } from "./record_sorter.ts";

/** Options of `DuplicateFinder`. */
export interface DuplicateFinderOptions {
  /** Folder for its files; must exist. Nothing stays in it. */
  folder: string;
  /** Memory for sorting and for the clusters, in bytes. @default 32 MiB */
  memoryBytes?: number;
}

/** A document that another one stands for. */
export interface Duplicate {
  /** Its number. */
  document: number;
  /** Number of the document that is kept, the smallest of the cluster. */
  keptAs: number;
  /** Whether its text has come before, or only one like it. */
  kind: "exact" | "minhash";
}

/** How large the clusters are, and what is in them. */
export interface Clusters {
  /** Number of clusters of `from` to `to` documents. */
  sizes: { from: number; to: number; clusters: number }[];
  /** The largest, the largest first: the kept document and the number of all. */
  largest: { keeper: number; size: number }[];
  /** The first few duplicates of each kind. */
  examples: Duplicate[];
}

/** What a `DuplicateFinder` has found; holds a file until it is disposed of. */
export interface Duplicates extends Disposable {
  /** Number of documents seen. */
  readonly documents: number;
  /** Number of documents whose text has come before. */
  readonly exact: number;
  /** Number of other documents that are like an earlier one. */
  readonly near: number;
  /** Sizes and examples of the clusters. */
  readonly clusters: Clusters;
  /** The documents to remove, ascending. */
  removed(): AsyncGenerator<Duplicate>;
}

const DEFAULT_MEMORY = 32 * 2 ** 20;
const MAX_DOCUMENTS = 2 ** 32;
const KEY_WORDS = KEY_BYTES / 4;
const RECORD_WORDS = KEY_WORDS + 1;
const EXACT = 0, NEAR = 1;
/** Marks a document whose text has come before. */
const REPEATED = 1;
const LARGEST = 20;
const EXAMPLES = 10;

/**
 * Finds clusters of duplicates by their fingerprints: those that share the hash of their text or the
 * key of a band. The kept document is always the first of its cluster.
 *
 * Memory is bounded by `memoryBytes` for any number of documents: keys are sorted on disk, 20 bytes
 * each (300 a document with `minhash`, twice that while runs are merged), as are the edges between
 * neighbours; the table of the union–find over them is a file of 8 bytes a document.
 *
 * @example
 * ```ts
 * import { DuplicateFinder, fingerprinter } from "@quern/quern";
 * const folder = await Deno.makeTempDir();
 * const fingerprint = fingerprinter({ kind: "exact" });
 * using finder = new DuplicateFinder({ folder });
 * ["one", "two", "one "].forEach((text, i) => finder.add(i, fingerprint(text)));
 * using duplicates = await finder.finish();
 * for await (const duplicate of duplicates.removed()) console.log(duplicate);
 * // { document: 2, keptAs: 0, kind: "exact" }
 * ```
 */
export class DuplicateFinder implements Disposable {
  readonly #options: Required<DuplicateFinderOptions>;
  readonly #texts: RecordSorter;
  readonly #bands: RecordSorter;
  readonly #record = new Uint32Array(RECORD_WORDS);
  readonly #key = new Uint8Array(this.#record.buffer, 0, KEY_BYTES);
  #documents = 0;

  /** Opens the files that records are sorted in; made in `folder`. */
  constructor({ folder, memoryBytes = DEFAULT_MEMORY }: DuplicateFinderOptions) {
    this.#options = { folder, memoryBytes };
    const words = RECORD_WORDS;
    this.#texts = new RecordSorter({ folder, name: "texts", words, memoryBytes: memoryBytes / 4 });
    this.#bands = new RecordSorter({ folder, name: "bands", words, memoryBytes: memoryBytes / 2 });
  }

  /**
   * Adds the fingerprint of the next document.
   *
   * @throws {RangeError} where the document is not the next, or the fingerprint no whole keys
   * @throws {DataError} where the disk is full
   */
  add(document: number, fingerprint: Uint8Array): void {
    if (document !== this.#documents || document >= MAX_DOCUMENTS) {
      throw new RangeError(
        `Cannot add a fingerprint: wanted document ${this.#documents}, got ${document}`,
      );
    }
    if (fingerprint.length === 0 || fingerprint.length % KEY_BYTES > 0) {
      throw new RangeError(
        `Cannot add a fingerprint: wanted a multiple of ${KEY_BYTES} bytes, got ` +
          `${fingerprint.length}`,
      );
    }
    this.#documents++;
    this.#record[KEY_WORDS] = document;
    for (let at = 0; at < fingerprint.length; at += KEY_BYTES) {
      for (let i = 0; i < KEY_BYTES; i++) this.#key[i] = fingerprint[at + i];
      (at === 0 ? this.#texts : this.#bands).add(this.#record);
    }
  }

  /**
   * Finds the clusters; nothing can be added after it.
   *
   * @throws the signal's reason where it is aborted
   * @throws {DataError} where the disk is full
   */
  async finish(signal?: AbortSignal): Promise<Duplicates> {
    const { folder, memoryBytes } = this.#options;
    const pause = pauser(signal);
    using _self = this; // its files go, whatever happens
    using edges = new RecordSorter({
      folder,
      name: "edges",
      words: 3,
      memoryBytes: memoryBytes / 4,
    });
    for (const [kind, sorter] of [[EXACT, this.#texts], [NEAR, this.#bands]] as const) {
      await collectEdges(sorter, kind, edges, pause);
    }
    const sets = new DisjointSets(join(folder, "clusters"), memoryBytes / 2);
    try {
      for (const [b, kind, a] of edges.sorted()) {
        if (kind === EXACT) sets.setMark(b, REPEATED);
        sets.union(a, b);
        const wait = pause();
        if (wait !== undefined) await wait;
      }
      return await summarize(sets, this.#documents, pause);
    } catch (error) {
      sets[Symbol.dispose]();
      throw error;
    }
  }

  /** Removes its files. */
  [Symbol.dispose](): void {
    this.#texts[Symbol.dispose]();
    this.#bands[Symbol.dispose]();
  }
}

/** An edge from the first document of each key to each other one. */
async function collectEdges(
  keys: RecordSorter,
  kind: number,
  edges: RecordSorter,
  pause: () => Promise<void> | undefined,
): Promise<void> {
  const first = new Uint32Array(RECORD_WORDS);
  let any = false;
  for (const record of keys.sorted()) {
    let same = any;
    for (let i = 0; same && i < KEY_WORDS; i++) same = record[i] === first[i];
    if (same) edges.add(Uint32Array.of(record[KEY_WORDS], kind, first[KEY_WORDS]));
    else first.set(record);
    any = true;
    const wait = pause();
    if (wait !== undefined) await wait;
  }
}

async function summarize(
  sets: DisjointSets,
  documents: number,
  pause: () => Promise<void> | undefined,
): Promise<Duplicates> {
  const counts = { exact: 0, minhash: 0 };
  const examples: Duplicate[] = [];
  const duplicate = (document: number): Duplicate | undefined => {
    const keptAs = sets.find(document);
    if (keptAs === document) return;
    return { document, keptAs, kind: sets.mark(document) === REPEATED ? "exact" : "minhash" };
  };
  for (let document = 0; document < documents; document++) {
    const found = duplicate(document);
    if (found !== undefined) {
      if (counts[found.kind]++ < EXAMPLES) examples.push(found);
      // A root is no repeated text, so its mark is free to count the others of its cluster.
      sets.setMark(found.keptAs, sets.mark(found.keptAs) + 1);
    }
    const wait = pause();
    if (wait !== undefined) await wait;
  }
  const sizes: Clusters["sizes"] = [];
  let largest: Clusters["largest"] = [];
  for (let keeper = 0; keeper < documents; keeper++) {
    const size = sets.find(keeper) === keeper ? sets.mark(keeper) + 1 : 1;
    if (size > 1) {
      const bucket = Math.ceil(Math.log2(size)) - 1; // 2, 3 to 4, 5 to 8, ...
      for (let i = sizes.length; i <= bucket; i++) {
        sizes.push({ from: 2 ** i + 1, to: 2 ** (i + 1), clusters: 0 });
      }
      sizes[bucket].clusters++;
      if (largest.length < LARGEST || size > largest[LARGEST - 1].size) {
        largest = [...largest, { keeper, size }].sort((a, b) => b.size - a.size).slice(0, LARGEST);
      }
    }
    const wait = pause();
    if (wait !== undefined) await wait;
  }
  return {
    documents,
    exact: counts.exact,
    near: counts.minhash,
    clusters: { sizes, largest, examples },
    async *removed() {
      for (let document = 0; document < documents; document++) {
        const found = duplicate(document);
        if (found !== undefined) yield found;
      }
    },
    [Symbol.dispose]: () => sets[Symbol.dispose](),
  };
}
