import { FileReader } from "./file_reader.ts";
import { DUPLICATE_FIELDS } from "./find_duplicates.ts";
import { REPEATED_FIELDS } from "./find_repeated.ts";
import { RecordList } from "./record_list.ts";
import type { TokenizeTask } from "./tokenize_task.ts";

/** Options of `readFrames`. */
export interface FramesOptions {
  /** Frames of documents, each behind its length and the number of its documents. */
  spool: string;
  /** The list of duplicates. */
  duplicates: string;
  /** The list of passages to take out. */
  repeated: string;
  /** Numbers of documents to show. */
  wanted: ReadonlySet<number>;
}

/** A frame to be tokenized and where it ends. */
export interface FrameTask {
  task: TokenizeTask;
  /** Offset in the spool of the frame behind it. */
  end: number;
  /** Number of the first document behind it. */
  document: number;
}

/** The frames of the spool from one on, with what is to become of their documents. */
export async function* readFrames(
  { spool, duplicates, repeated, wanted }: FramesOptions,
  start: { offset: number; document: number },
): AsyncGenerator<FrameTask> {
  using reader = await FileReader.open(spool, start.offset);
  using gone = await RecordList.open(duplicates, DUPLICATE_FIELDS, start.document);
  using cuts = await RecordList.open(repeated, REPEATED_FIELDS, start.document);
  let first = start.document;
  for (let head; (head = await reader.read(8)) !== null;) {
    const [bytes, documents] = new Uint32Array(head.buffer);
    const frame = (await reader.read(bytes))!;
    const end = first + documents;
    const task: TokenizeTask = {
      kind: "tokenize",
      frame,
      duplicates: new Uint8Array(documents),
      keptAs: new Uint32Array(documents),
      repeated: Uint32Array.from(
        (await cuts.takeUntil(end)).flatMap(([document, passage]) => [document - first, passage]),
      ),
      wanted: Array.from({ length: documents }, (_, i) => i).filter((i) => wanted.has(first + i)),
    };
    for (const [document, keptAs, kind] of await gone.takeUntil(end)) {
      task.duplicates[document - first] = kind;
      task.keptAs[document - first] = keptAs;
    }
    yield { task, end: reader.offset, document: first = end };
  }
}
