import { hash } from "node:crypto";
import { RecordSorter } from "./record_sorter.ts";

/** Options of `RepeatedLineFinder`. */
export interface RepeatedLineOptions {
  /** Folder for its files; must exist. Nothing stays in it. */
  folder: string;
  /** What is compared: lines, or paragraphs, between which stands an empty line. @default "line" */
  unit?: "line" | "paragraph";
  /** Shorter ones may repeat, in characters without the white space around them. @default 40 */
  minChars?: number;
  /** Memory for sorting, in bytes. @default 64 MiB */
  memoryBytes?: number;
}

const DEFAULT_MEMORY = 64 * 2 ** 20;
/** Two words of hash, then the document and the place of the line in it. */
const RECORD_WORDS = 4;

/**
 * Finds the lines or paragraphs of a corpus that have come before, in this document or an earlier
 * one, in bounded memory: 64-bit hashes are sorted on disk, 16 bytes a line.
 *
 * The first pass adds all texts; the second goes through `repeated` beside the same texts and takes
 * out what it names with `removeLines`.
 *
 * @example
 * ```ts
 * import { removeLines, RepeatedLineFinder } from "@quern/quern";
 * const folder = await Deno.makeTempDir();
 * const texts = ["Cookies?\nOne", "Two\nCookies?"];
 * using finder = new RepeatedLineFinder({ folder, minChars: 5 });
 * texts.forEach((text, document) => finder.add(document, text));
 * for (const { document, lines } of finder.repeated()) {
 *   console.log(document, removeLines(texts[document], lines)); // 1 Two
 * }
 * ```
 */
export class RepeatedLineFinder implements Disposable {
  readonly #options: Required<RepeatedLineOptions>;
  readonly #lines: RecordSorter;
  readonly #repeated: RecordSorter;

  /** Opens the files that lines are sorted in; made in `options.folder`. */
  constructor(options: RepeatedLineOptions) {
    this.#options = { unit: "line", minChars: 40, memoryBytes: DEFAULT_MEMORY, ...options };
    const { folder } = this.#options;
    const memoryBytes = this.#options.memoryBytes / 2;
    this.#lines = new RecordSorter({ folder, name: "lines", words: RECORD_WORDS, memoryBytes });
    this.#repeated = new RecordSorter({ folder, name: "repeated", words: 2, memoryBytes });
  }

  /**
   * Adds the next document's text.
   *
   * @throws {DataError} where the disk is full
   */
  add(document: number, text: string): void {
    const { unit, minChars } = this.#options;
    for (const [i, line] of splitLines(text, unit).entries()) {
      const content = line.trim();
      if (content.length < minChars) continue;
      const digest = hash("sha256", content, "buffer");
      this.#lines.add(
        Uint32Array.of(digest.readUInt32LE(0), digest.readUInt32LE(4), document, i),
      );
    }
  }

  /** Each document that has repeated lines and their numbers, both ascending; ends the finder. */
  *repeated(): Generator<{ document: number; lines: number[] }> {
    let first: [number, number] | undefined;
    for (const [low, high, document, line] of this.#lines.sorted()) {
      if (first?.[0] === low && first[1] === high) {
        this.#repeated.add(Uint32Array.of(document, line));
      } else first = [low, high];
    }
    let current: { document: number; lines: number[] } | undefined;
    for (const [document, line] of this.#repeated.sorted()) {
      if (current?.document !== document) {
        if (current !== undefined) yield current;
        current = { document, lines: [] };
      }
      current.lines.push(line);
    }
    if (current !== undefined) yield current;
  }

  /** Removes its files. */
  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]();
    this.#repeated[Symbol.dispose]();
  }
}

/** A text without the lines (or paragraphs) of these numbers, which must ascend. */
export function removeLines(
  text: string,
  lines: readonly number[],
  unit: "line" | "paragraph" = "line",
): string {
  const gone = new Set(lines);
  return splitLines(text, unit).filter((_, i) => !gone.has(i)).join("").trimEnd();
}

/** The lines or paragraphs with what ends them. */
function splitLines(text: string, unit: "line" | "paragraph"): string[] {
  return text.split(unit === "line" ? /(?<=\n)/ : /(?<=\n[^\S\n]*\n)(?!\s*\n)/);
}
