import { type Duplicate, DuplicateFinder, type Duplicates } from "../dedup/mod.ts";
import { FileReader } from "./file_reader.ts";
import type { PrepareProgress } from "./progress.ts";
import { writeRecordList } from "./record_list.ts";

/** Numbers in the list for each duplicate: its document, what that is kept as, the kind. */
export const DUPLICATE_FIELDS = 3;
/** The kinds by their numbers; 0 is no duplicate. */
export const DUPLICATE_KINDS = [undefined, "exact", "near"] as const;

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
  const dropped = await writeRecordList(list, DUPLICATE_FIELDS, records(duplicates.removed()));
  onProgress({ phase: "dedup", bytes: size, totalBytes: size, documents, dropped });
  const { exact, near, clusters } = duplicates;
  return { exact, near, clusters };
}

async function* records(duplicates: AsyncIterable<Duplicate>): AsyncGenerator<number[]> {
  for await (const { document, keptAs, kind } of duplicates) {
    yield [document, keptAs, DUPLICATE_KINDS.indexOf(kind === "exact" ? "exact" : "near")];
  }
}
