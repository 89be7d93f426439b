import { readConll, type ReadConllOptions } from "./conll.ts";
import { isRecord, readTable } from "./columns.ts";
import { BadExample, describe, filledText, type Place, type TaskReader } from "./reader.ts";
import { cutWords, type Span } from "./spans.ts";

/** A word's place in its text, in UTF-16 code units. */
export interface WordSpan {
  /** Its first one. */
  start: number;
  /** Just after its last one. */
  end: number;
}

/** A text whose words are tagged. */
export interface Tagged {
  /** The text itself. */
  text: string;
  /** In order, apart from one another. */
  words: WordSpan[];
  /** IOB2 tag of each word: `O`, `B-` and `I-` with the type. */
  tags: string[];
  /** Where it was read. */
  place: Place;
}

/** Options of {@linkcode readTagged}. */
export interface ReadTaggedOptions extends ReadConllOptions {
  /** How the file is to be read. @default `jsonl` by its name, else `conll` */
  format?: "conll" | "jsonl";
  /** Key of the text, for JSON Lines. @default "text" */
  textColumn?: string;
  /** Key of the spans, for JSON Lines. @default "spans", "entities" or "labels" */
  spansColumn?: string;
}

/**
 * Tagged texts: CoNLL or IOB2 files with a word a line and an empty line between sentences, or JSON
 * Lines with the spans of their entities, `[start, end, type]` or objects of these keys (also
 * `label` for the type), counted in code points as Python does; their words are cut at white space
 * and punctuation, each ideograph a word, and at the borders of spans.
 *
 * Tags must be IOB2: an entity begins with `B-`, and goes on with `I-` of the same type.
 *
 * @param path the file's name, for examples and errors
 * @throws {DataError} in the stream, with the line, at a tag that breaks the scheme or a span that
 * is none, unless such sentences are skipped
 * @example
 * ```ts
 * import { readTagged } from "@quern/quern";
 * const file = new Blob(["Ada\tB-PER\nLovelace\tI-PER\nwrote\tO\n"]).stream();
 * for await (const { text, tags } of file.pipeThrough(readTagged("a.conll"))) {
 *   console.log(text, tags);
 * }
 * ```
 */
export function readTagged(path: string, options: ReadTaggedOptions = {}): TaskReader<Tagged> {
  const isJson = /\.(jsonl|ndjson)(\.(gz|zst|zstd|br))?$/i.test(path);
  const { format = isJson ? "jsonl" : "conll" } = options;
  if (format === "conll") return readConll(path, options);
  return readTable(path, {
    roles: [
      { name: "text", column: options.textColumn, known: ["text", "sentence"] },
      { name: "spans", column: options.spansColumn, known: ["spans", "entities", "labels"] },
    ],
    guess: () => [],
    make(fields, place) {
      const text = filledText(fields.text, "text");
      if (!Array.isArray(fields.spans)) {
        throw new BadExample(
          "no spans",
          `wanted a list of spans, got ${describe(fields.spans)}; write [] for none`,
        );
      }
      return { text, ...cutWords(text, fields.spans.map(spanOf)), place };
    },
  }, { ...options, format: "jsonl" });
}

function spanOf(value: unknown): Span {
  const [start, end, type] = Array.isArray(value)
    ? value
    : isRecord(value)
    ? [value.start, value.end, value.type ?? value.label]
    : [];
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && typeof type === "string") {
    return { start, end, type };
  }
  throw new BadExample(
    "no span",
    `wanted spans of start, end and type, got ${JSON.stringify(value)}`,
  );
}
