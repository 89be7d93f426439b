import { Buffer } from "node:buffer";
import type { Document } from "./document.ts";

/** A number of documents and the UTF-8 bytes of their texts. */
export interface Count {
  /** Number of documents. */
  documents: number;
  /** UTF-8 bytes of their texts. */
  bytes: number;
}

/** What went through a stage; whatever came in went out or was dropped for a reason. */
export interface StageReport {
  /** The step's name. */
  name: string;
  /** What came in. */
  in: Count;
  /** What went out. */
  out: Count;
  /** What was dropped, by reason. */
  dropped: Record<string, Count>;
}

/** The reason for which a step drops a document. */
export interface Drop {
  /** A few words; the same for all documents dropped by one rule. */
  drop: string;
}

/**
 * A rule for one document at a time. It looks at nothing but the document, so documents may go
 * through it in any order, on any worker.
 */
export interface Step {
  /** Names the step in reports. */
  readonly name: string;
  /** The document, changed or as it was, or the reason to drop it. Must not change its argument. */
  apply(document: Document): Document | Drop;
}

/** Options of `stage`. */
export interface StageOptions {
  /** Sees each dropped document, as it came in; the stage waits for it. @default nothing */
  onDrop?: (document: Document, reason: string) => void | Promise<void>;
}

/** A transform of documents that counts what it does. */
export interface Stage extends ReadableWritablePair<Document, Document> {
  /** Counts so far; complete once the stream has ended. */
  readonly report: StageReport;
}

/**
 * A step as a transform stream: in order, one document at a time, with backpressure.
 *
 * @throws what the step throws, in the stream
 * @example A filter of one's own
 * ```ts
 * import { type Document, stage } from "@quern/quern";
 * const short = stage({
 *   name: "length",
 *   apply: (document) => document.text.length < 3 ? { drop: "short" } : document,
 * });
 * const texts = ["a", "a long text"];
 * const documents = ReadableStream.from<Document>(
 *   texts.map((text, i) => ({ id: `${i}`, text, source: "example", metadata: {} })),
 * );
 * for await (const { text } of documents.pipeThrough(short)) console.log(text);
 * console.log(short.report.dropped.short.documents); // 1
 * ```
 */
export function stage(step: Step, { onDrop }: StageOptions = {}): Stage {
  const report = emptyReport(step.name);
  const { readable, writable } = new TransformStream<Document, Document>({
    async transform(document, controller) {
      const answer = step.apply(document);
      add(report.in, document);
      if ("drop" in answer) {
        add(report.dropped[answer.drop] ??= { documents: 0, bytes: 0 }, document);
        await onDrop?.(document, answer.drop);
      } else {
        add(report.out, answer);
        controller.enqueue(answer);
      }
    },
  });
  return { readable, writable, report };
}

/** A report of nothing yet. */
export function emptyReport(name: string): StageReport {
  const none = { documents: 0, bytes: 0 };
  return { name, in: { ...none }, out: { ...none }, dropped: {} };
}

function add(count: Count, document: Document): void {
  count.documents++;
  count.bytes += Buffer.byteLength(document.text);
}
