import { type RepeatedPassage, RepeatedPassageFinder } from "../dedup/mod.ts";
import { FileReader } from "./file_reader.ts";
import { DUPLICATE_FIELDS } from "./find_duplicates.ts";
import type { PrepareProgress } from "./progress.ts";
import { RecordList, writeRecordList } from "./record_list.ts";

/** Numbers in the list for each repeated passage: its document, its place there. */
export const REPEATED_FIELDS = 2;

/** Options of `findRepeated`. */
export interface FindRepeatedOptions {
  /** Hashes of lines or paragraphs as reading wrote them. */
  passages: string;
  /** The list of duplicates, whose passages count for nothing. */
  duplicates: string;
  /** Number of documents, duplicates included. */
  documents: number;
  /** Folder for the runs of sorting; made and removed. */
  folder: string;
  /** The list to write. */
  list: string;
  onProgress(progress: PrepareProgress): void;
  signal?: AbortSignal;
}

/** Writes the list of passages that come again in the corpus, and says how many there are. */
export async function findRepeated(options: FindRepeatedOptions): Promise<number> {
  const { passages, duplicates, documents, folder, list, onProgress, signal } = options;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder);
  const { size } = await Deno.stat(passages);
  using finder = new RepeatedPassageFinder({ folder });
  using reader = await FileReader.open(passages);
  using dropped = await RecordList.open(duplicates, DUPLICATE_FIELDS);
  const progress = { phase: "repeated" as const, totalBytes: size, dropped: 0 };
  let document = 0;
  for (let head; (head = await reader.read(4)) !== null; document++) {
    const hashes = await reader.read(4 * new Uint32Array(head.buffer)[0]);
    const isDuplicate = (await dropped.takeUntil(document + 1)).length > 0;
    if (hashes !== null && !isDuplicate) finder.add(document, new Uint32Array(hashes.buffer));
    if (document % 4096 > 0) continue;
    signal?.throwIfAborted();
    onProgress({ ...progress, bytes: reader.offset, documents: document });
  }
  const count = await writeRecordList(list, REPEATED_FIELDS, records(finder.repeated(signal)));
  onProgress({ ...progress, bytes: size, documents });
  return count;
}

async function* records(repeated: AsyncIterable<RepeatedPassage>): AsyncGenerator<number[]> {
  for await (const { document, passage } of repeated) yield [document, passage];
}
