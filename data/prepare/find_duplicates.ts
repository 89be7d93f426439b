import { AppendFile } from "../append_file.ts";
import { type Duplicate, DuplicateFinder, type Duplicates } from "../dedup/mod.ts";
import { FileReader } from "./file_reader.ts";
import type { PrepareProgress } from "./progress.ts";

/** Fields of an entry in the list of duplicates: document, what it is kept as, kind. */
const FIELDS = 3;
/** Entries written or read at once. */
const BLOCK_ENTRIES = 4096;
const KINDS = ["exact", "minhash"] as const;

export type { Duplicate };

/** How many duplicates there are, and in what clusters. */
export type DuplicateSummary = Pick<Duplicates, "exact" | "near" | "clusters">;

/** Options of `findDuplicates`. */
export interface FindDuplicatesOptions {
  /** Fingerprints as reading wrote them. */
  fingerprints: string;
  /** Number of documents they stand for. */
  documents: number;
  /** Folder for the runs of sorting; made and removed. */
  folder: string;
  /** The list to write. */
  list: string;
  onProgress(progress: PrepareProgress): void;
  signal?: AbortSignal;
}

/** Writes the list of duplicates among the documents of the spool, and says how many there are. */
export async function findDuplicates(options: FindDuplicatesOptions): Promise<DuplicateSummary> {
  const { fingerprints, documents, folder, list, onProgress, signal } = options;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder);
  const { size } = await Deno.stat(fingerprints);
  using finder = new DuplicateFinder({ folder });
  using reader = await FileReader.open(fingerprints);
  let document = 0;
  for (let head; (head = await reader.read(2)) !== null;) {
    finder.add(document++, (await reader.read(head[0] | head[1] << 8))!);
    if (document % 4096 > 0) continue;
    signal?.throwIfAborted();
    const bytes = reader.offset;
    onProgress({ phase: "dedup", bytes, totalBytes: size, documents: document, dropped: 0 });
  }
  using duplicates = await finder.finish(signal);
  const dropped = await writeList(duplicates, list);
  onProgress({ phase: "dedup", bytes: size, totalBytes: size, documents, dropped });
  const { exact, near, clusters } = duplicates;
  return { exact, near, clusters };
}

async function writeList(duplicates: Duplicates, list: string): Promise<number> {
  using file = await AppendFile.open(list, 0);
  const block = new Uint32Array(FIELDS * BLOCK_ENTRIES);
  let count = 0;
  const flush = (entries: number) =>
    file.append(new Uint8Array(block.buffer, 0, 4 * FIELDS * entries));
  for await (const { document, keptAs, kind } of duplicates.removed()) {
    block.set([document, keptAs, KINDS.indexOf(kind)], FIELDS * (count % BLOCK_ENTRIES));
    if (++count % BLOCK_ENTRIES === 0) await flush(BLOCK_ENTRIES);
  }
  await flush(count % BLOCK_ENTRIES);
  await file.sync();
  return count;
}

/** The list of duplicates from a document on. */
export async function* readDuplicates(list: string, from: number): AsyncGenerator<Duplicate> {
  using reader = await FileReader.open(list);
  for (let bytes; (bytes = await reader.read(4 * FIELDS)) !== null;) {
    const [document, keptAs, kind] = new Uint32Array(bytes.buffer);
    if (document >= from) yield { document, keptAs, kind: KINDS[kind] };
  }
}
