import type { Document } from "../document.ts";
import type { Drop, Step } from "../stage.ts";
import { fingerprinter } from "../dedup/mod.ts";
import { buildSteps } from "../filters/mod.ts";
import { readDocuments } from "../sources/mod.ts";
import { countDrop, type DropTable } from "./account.ts";
import { openTokenizer } from "./open_tokenizer.ts";
import type { PrepareOptions } from "./prepare.ts";

/** A text before and after a stage. */
export interface ChangeExample {
  /** Id of the document. */
  id: string;
  /** Text around the first difference. */
  before: string;
  /** The same place after the stage. */
  after: string;
}

/** What a stage would do. */
export interface StagePreview {
  /** Name of the stage. */
  name: string;
  /** Documents that came in. */
  documents: number;
  /** Documents it changed. */
  changed: number;
  /** What it dropped, by reason. */
  dropped: DropTable[string];
  /** A document dropped for each reason, as it came in. */
  droppedExamples: Record<string, { id: string; text: string }>;
  /** The first document it changed. */
  changeExample?: ChangeExample;
}

/** What `prepare` would do with the first documents of its sources. */
export interface Preview {
  /** Documents that were read. */
  documents: number;
  /** The stages in order. */
  stages: StagePreview[];
  /** Documents left, the UTF-16 code units of their texts, and their tokens. */
  kept: { documents: number; characters: number; tokens: number };
  /** Rows of `context` + 1 tokens that they fill. */
  rows: number;
}

/**
 * Tries the stages of `prepare` on the first documents and writes nothing. Near duplicates are not
 * looked for, since most of them lie further apart.
 *
 * @param options as for `prepare`
 * @param documents how many documents to read
 * @throws {DataError} where a source cannot be read
 */
export async function previewPreparation(
  options: Omit<PrepareOptions, "out">,
  documents: number,
): Promise<Preview> {
  const { tokenizer, endOfText } = await openTokenizer(options.tokenizer, options.endOfText);
  const steps: readonly Step[] = [...await buildSteps(options), NOT_EMPTY];
  const names = [...steps.map(({ name }) => name), ...(options.dedup === "none" ? [] : ["dedup"])];
  const stages = names.map((name): StagePreview => ({
    ...{ name, documents: 0, changed: 0, dropped: {}, droppedExamples: {} },
  }));
  const preview: Preview = {
    documents: 0,
    stages,
    kept: { documents: 0, characters: 0, tokens: 0 },
    rows: 0,
  };
  const fingerprint = fingerprinter({ kind: "exact" });
  const seen = new Set<string>();
  const isDuplicate = ({ text }: Document) => seen.size === seen.add(fingerprint(text).join()).size;

  function keep(document: Document): void {
    const { kept } = preview;
    kept.documents++;
    kept.characters += document.text.length;
    kept.tokens += tokenizer.encode(document.text).length + (endOfText === undefined ? 0 : 1);
  }

  for await (const document of readDocuments(options.data, options).documents) {
    if (preview.documents++ === documents) break;
    let current = document;
    const dropped = stages.some((stage, i) => {
      stage.documents++;
      const answer: Document | Drop = i < steps.length
        ? steps[i].apply(current)
        : isDuplicate(current)
        ? { drop: "exact" }
        : current;
      if ("drop" in answer) {
        drop(stage, answer.drop, current);
        return true;
      }
      if (answer.text !== current.text) change(stage, current, answer);
      current = answer;
      return false;
    });
    if (!dropped) keep(current);
  }
  preview.documents = Math.min(preview.documents, documents);
  preview.rows = Math.floor(preview.kept.tokens / options.context);
  return preview;
}

/** What becomes of a document of which nothing is left. */
const NOT_EMPTY: Step = {
  name: "text",
  apply: (document) => document.text === "" ? { drop: "empty" } : document,
};

function drop(stage: StagePreview, reason: string, { id, text }: Document): void {
  const table = { [stage.name]: stage.dropped };
  countDrop(table, stage.name, reason, { bytes: new TextEncoder().encode(text).length });
  stage.droppedExamples[reason] ??= { id, text: text.slice(0, 300) };
}

/** The most characters of a text before and after. */
const EXCERPT = 200;

function change(stage: StagePreview, before: Document, after: Document): void {
  stage.changed++;
  if (stage.changeExample !== undefined) return;
  let first = 0;
  while (before.text[first] === after.text[first]) first++;
  const from = Math.max(0, first - 40);
  stage.changeExample = {
    id: before.id,
    before: before.text.slice(from, from + EXCERPT),
    after: after.text.slice(from, from + EXCERPT),
  };
}
