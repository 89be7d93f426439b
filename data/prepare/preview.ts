import { Buffer } from "node:buffer";
import { decontaminator, type EvaluationHits, fingerprinter, passageHasher } from "../dedup/mod.ts";
import type { Document } from "../document.ts";
import { buildSteps, lengthLimits } from "../filters/mod.ts";
import { removePassages } from "../passages.ts";
import { holdsPages, listSources, mainText, readDocuments } from "../sources/mod.ts";
import type { Step } from "../stage.ts";
import { countDrop, type DropTable } from "./account.ts";
import { readEvaluationSets } from "./evaluation_sets.ts";
import { openTokenizer } from "./open_tokenizer.ts";
import { checkOptions, type PrepareOptions } from "./options.ts";
import { NOT_EMPTY } from "./run_steps.ts";

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
  /** What was found of evaluation sets, by name. */
  evaluation: Record<string, EvaluationHits>;
  /** Documents left, the UTF-16 code units of their texts, and their tokens. */
  kept: { documents: number; characters: number; tokens: number };
  /** Rows of `context` + 1 tokens that they fill. */
  rows: number;
}

/**
 * Tries the stages of `prepare` on the first documents and writes nothing. What repeats is looked for
 * among these documents only, so less of it is found than in the whole corpus.
 *
 * @param options as for `prepare`
 * @param documents how many documents to read
 * @throws {RangeError} where an option is out of range
 * @throws {DataError} where a source cannot be read
 */
export async function previewPreparation(
  options: Omit<PrepareOptions, "out">,
  documents: number,
): Promise<Preview> {
  checkOptions(options);
  const { tokenizer, endOfText } = await openTokenizer(options.tokenizer, options.endOfText);
  const { steps, takeHits } = await openSteps(options);
  const preview: Preview = {
    documents: 0,
    stages: steps.map(({ name }): StagePreview => ({
      ...{ name, documents: 0, changed: 0, dropped: {}, droppedExamples: {} },
    })),
    evaluation: {},
    kept: { documents: 0, characters: 0, tokens: 0 },
    rows: 0,
  };
  const { kept, stages } = preview;
  for await (
    const document of readDocuments(options.data, { ...options, webPages: "html" })
      .documents
  ) {
    if (preview.documents === documents) break;
    preview.documents++;
    const text = tryStages(document, steps, stages);
    if (text === undefined) continue;
    kept.documents++;
    kept.characters += text.length;
    kept.tokens += tokenizer.encode(text).length + (endOfText === undefined ? 0 : 1);
  }
  preview.evaluation = takeHits();
  preview.rows = Math.floor(preview.kept.tokens / options.context);
  return preview;
}

/** All that a document goes through; some steps remember the documents before. */
async function openSteps(
  options: Omit<PrepareOptions, "out">,
): Promise<{ steps: Step[]; takeHits(): Record<string, EvaluationHits> }> {
  const { dedup = "exact", repeatedIn, decontaminate = [] } = options;
  const files = await listSources(options.data);
  const pages = files.some((file) => holdsPages(file, options));
  const steps = [...pages ? [await mainText()] : [], ...await buildSteps(options), NOT_EMPTY];
  if (dedup !== "none") steps.push(seenBefore(dedup));
  if (repeatedIn === "corpus") steps.push(passagesSeenBefore(options));
  const sets = await readEvaluationSets(decontaminate, { fields: options.decontaminateFields });
  const { decontaminateWords: n, decontaminateMode: mode } = options;
  const decontamination = sets.length > 0 ? decontaminator({ sets, n, mode }) : undefined;
  if (decontamination) steps.push(decontamination);
  const limits = lengthLimits(options);
  if (limits && (repeatedIn === "corpus" || mode === "cut")) {
    steps.push({ ...limits, name: "length of what is left" });
  }
  return { steps, takeHits: () => decontamination?.takeHits() ?? {} };
}

/** Drops what has a key of an earlier document. */
function seenBefore(kind: "exact" | "minhash"): Step {
  const fingerprint = fingerprinter({ kind });
  const seen = new Set<string>();
  return {
    name: "dedup",
    apply(document) {
      const print = Buffer.from(fingerprint(document.text)).toString("latin1");
      const [exact, ...bands] = print.match(/[^]{16}/g)!;
      const known = [exact, ...bands].filter((key) => seen.has(key));
      for (const key of [exact, ...bands]) seen.add(key);
      if (known.length === 0) return document;
      return { drop: known[0] === exact ? "exact" : "near" };
    },
  };
}

function passagesSeenBefore(
  { removeRepeated: unit = "line", minRepeatedCharacters: minCharacters }: Omit<
    PrepareOptions,
    "out"
  >,
): Step {
  const hashes = passageHasher({ unit, minCharacters });
  const seen = new Set<string>();
  return {
    name: `repeated ${unit}s in the corpus`,
    apply(document) {
      const gone = new Set<number>();
      const words = hashes(document.text);
      for (let at = 0; at < words.length; at += 3) {
        const key = `${words[at]} ${words[at + 1]}`;
        if (seen.size === seen.add(key).size) gone.add(words[at + 2]);
      }
      const text = removePassages(document.text, unit, (_, number) => gone.has(number));
      return text === "" ? { drop: "nothing is left" } : { ...document, text };
    },
  };
}

/** The text after all stages, or undefined where one drops the document. */
function tryStages(
  document: Document,
  steps: readonly Step[],
  stages: readonly StagePreview[],
): string | undefined {
  let current = document;
  for (const [i, stage] of stages.entries()) {
    stage.documents++;
    const answer = steps[i].apply(current);
    if ("drop" in answer) {
      drop(stage, answer.drop, current);
      return;
    }
    if (answer.text !== current.text) change(stage, current, answer);
    current = answer;
  }
  return current.text;
}

function drop(stage: StagePreview, reason: string, { id, text }: Document): void {
  const table = { [stage.name]: stage.dropped };
  countDrop(table, stage.name, reason, { bytes: Buffer.byteLength(text) });
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
