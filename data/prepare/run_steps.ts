import { Buffer } from "node:buffer";
import type { Document } from "../document.ts";
import type { Step } from "../stage.ts";
import { type Account, countDrop } from "./account.ts";

/** A document after the last step, or as the step got it that drops it. */
export type Outcome = { document: Document; drop?: { stage: string; reason: string } };

/** What becomes of a document of which nothing is left. */
export const NOT_EMPTY: Step = {
  name: "text",
  apply: (document) => document.text === "" ? { drop: "empty" } : document,
};

/**
 * Takes a document through steps and counts what goes into each, comes out and is dropped.
 *
 * @param bytes UTF-8 bytes of the document's text
 */
export function runSteps(
  document: Document,
  bytes: number,
  steps: readonly Step[],
  account: Account,
): Outcome {
  for (const { name, apply } of steps) {
    const count = account.stages[name];
    count.in.documents++;
    count.in.bytes += bytes;
    const answer = apply(document);
    if ("drop" in answer) {
      countDrop(account.dropped, name, answer.drop, { bytes });
      return { document, drop: { stage: name, reason: answer.drop } };
    }
    if (answer.text !== document.text) bytes = Buffer.byteLength(answer.text);
    count.out.documents++;
    count.out.bytes += bytes;
    document = answer;
  }
  return { document };
}
