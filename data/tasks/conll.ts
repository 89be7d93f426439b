import { DataError } from "../errors.ts";
import { type FileRecord, readRecords } from "../sources/mod.ts";
import {
  attempt,
  BadExample,
  emptyTaskReport,
  type OnBad,
  type Place,
  type TaskReader,
  type TaskReport,
} from "./reader.ts";
import type { Tagged, WordSpan } from "./tagging.ts";

/** Options of {@linkcode readConll}. */
export interface ReadConllOptions {
  /** Column of the word, from 1. @default 2 in lines that begin with a number from 1, else 1 */
  wordColumn?: number;
  /** Column of the tag, from 1. @default the one after the word where lines are numbered, else the last */
  tagColumn?: number;
  /** Which tags may stand: those of IOB2 in their order, or any, as a model wrote them. @default "iob2" */
  scheme?: "iob2" | "any";
  /** What to do with a sentence that can't be used. @default "error" */
  onBad?: OnBad;
}

/** One word of a sentence as its line has it. */
interface WordLine {
  line: number;
  offset: number;
  word: string;
  tag: string;
}

/**
 * Tagged sentences from CoNLL and IOB2 files: a word a line in columns between tabs or spaces, an
 * empty line between sentences. `# text =` before a sentence is its text, whose words then stand as
 * they stand there; without it they stand one space apart. Universal NER's five columns (number,
 * word, tag, two more) are known by the number; ranges of numbers such as `3-4` are left out.
 */
export function readConll(path: string, options: ReadConllOptions): TaskReader<Tagged> {
  const { onBad = "error", scheme = "iob2" } = options;
  const report = emptyTaskReport(path);
  const records = readRecords(path, "lines");
  let columns: { word: number; tag: number } | undefined;
  let words: WordLine[] = [];
  let text: string | undefined;
  let place: Place | undefined;
  /** The first problem of a line of the sentence. */
  let broken: { place: Place; error: BadExample } | undefined;

  function finish(): Tagged | undefined {
    const [sentence, its] = [words, place];
    const [known, problem] = [text, broken];
    [words, text, place, broken] = [[], undefined, undefined, undefined];
    if (its === undefined) return undefined;
    return attempt(report, problem?.place ?? its, onBad, () => {
      if (problem !== undefined) throw problem.error;
      const tags = sentence.map(({ tag }) => tag);
      return { ...placeWords(sentence.map(({ word }) => word), known), tags, place: its };
    });
  }

  function take({ line, offset, value }: FileRecord): void {
    const here = { path, line, offset };
    const row = value as string;
    const cells = row.includes("\t") ? row.split("\t") : row.trim().split(/ +/);
    columns ??= columnsOf(cells, options, report);
    place ??= here;
    if (/^\d+[-.]\d+$/.test(cells[0]) && columns.word === 1) return;
    try {
      const word = wordOf(cells, columns);
      if (scheme === "iob2") checkTag(word, words.at(-1)?.tag);
      words.push({ line, offset, ...word });
    } catch (error) {
      if (!(error instanceof BadExample)) throw error;
      broken ??= { place: here, error };
    }
  }

  const readable = records.readable.pipeThrough(
    new TransformStream<FileRecord, Tagged>({
      transform(record, controller) {
        const row = record.value as string;
        if (row.trim() === "" || row.startsWith("-DOCSTART-")) {
          const sentence = finish();
          if (sentence) controller.enqueue(sentence);
        } else if (isComment(row)) {
          text = /^#\s*text\s*=\s?(.*)$/.exec(row)?.[1] ?? text;
        } else take(record);
      },
      flush(controller) {
        const sentence = finish();
        if (sentence) controller.enqueue(sentence);
      },
    }),
  );
  return { readable, writable: records.writable, report };
}

/** A line of `#` and a space; a word `#` has a tab or its tag behind it. */
function isComment(row: string): boolean {
  return /^#(\s*\w+\s*=| )/.test(row) && !row.includes("\t") && !/ (O|[BI]-\S+)$/.test(row);
}

function columnsOf(
  cells: readonly string[],
  { wordColumn, tagColumn }: ReadConllOptions,
  report: TaskReport,
): { word: number; tag: number } {
  const numbered = cells.length > 2 && cells[0] === "1";
  const word = wordColumn ?? (numbered ? 2 : 1);
  const tag = tagColumn ?? (numbered ? word + 1 : cells.length);
  if (word > cells.length || tag > cells.length || word === tag) {
    throw new DataError(
      `Cannot find the columns: wanted the word in column ${word} and the tag in column ${tag}, ` +
        `got ${cells.length} in the first line; name others, or check the format`,
      report.path,
    );
  }
  report.columns = { word: `${word}`, tag: `${tag}` };
  report.guessed = wordColumn === undefined || tagColumn === undefined;
  return { word: word - 1, tag: tag - 1 };
}

/** The word and tag of a line. */
function wordOf(
  cells: readonly string[],
  columns: { word: number; tag: number },
): { word: string; tag: string } {
  const word = cells[columns.word]?.trim() ?? "";
  const tag = cells[columns.tag]?.trim() ?? "";
  if (word === "" || tag === "") {
    throw new BadExample(
      "no word or tag",
      `wanted a word in column ${columns.word + 1} and its tag in column ${columns.tag + 1}, got ` +
        `${JSON.stringify(cells.join("\t"))}`,
    );
  }
  return { word, tag };
}

/** A tag of IOB2 must be one, and go with the one before. */
function checkTag({ word, tag }: { word: string; tag: string }, before: string = "O"): void {
  if (!/^(O|[BI]-.+)$/.test(tag)) {
    throw new BadExample(
      "a tag of no scheme",
      `the tag ${tag} is not IOB2: it must be O, B-TYPE or I-TYPE`,
    );
  }
  const type = tag.slice(2);
  if (tag.startsWith("I-") && before !== `B-${type}` && before !== tag) {
    throw new BadExample(
      "a tag that breaks the scheme",
      `the tag ${tag} of ${JSON.stringify(word)} breaks IOB2: before it must stand B-${type} or ` +
        `${tag}, got ${before}; write B-${type} where an entity begins`,
    );
  }
}

/** The words in their text: found there in order, or one space apart. */
function placeWords(
  words: readonly string[],
  text: string | undefined,
): { text: string; words: WordSpan[] } {
  let at = 0;
  const whole = text ?? words.join(" ");
  const placed = words.map((word) => {
    const gap = /^\s*/.exec(whole.slice(at))![0].length;
    const start = at + gap;
    if (!whole.startsWith(word, start)) {
      throw new BadExample(
        "a text of other words",
        `its "# text =" goes on with ${JSON.stringify(whole.slice(start, start + 20))} where the ` +
          `word ${JSON.stringify(word)} must stand; mend it or remove the comment`,
      );
    }
    at = start + word.length;
    return { start, end: at };
  });
  return { text: whole, words: placed };
}
