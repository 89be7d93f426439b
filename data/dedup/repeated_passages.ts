import { hash } from "node:crypto";
import { type PassageUnit, removePassages, splitPassages } from "../passages.ts";
import { pauser } from "./pauser.ts";
import { RecordSorter } from "./record_sorter.ts";

/** Options of `passageHasher`. */
export interface PassageHasherOptions {
  /** What is compared: lines, or paragraphs, between which stands an empty line. @default "line" */
  unit?: PassageUnit;
  /**
   * Shorter ones may repeat, in UTF-16 units without the white space around them. @default 40
   */
  minCharacters?: number;
}

/** Words of 32 bits of a passage: 64 bits of hash, then its number in the text. */
const PASSAGE_WORDS = 3;
const DEFAULT_MEMORY = 32 * 2 ** 20;

/**
 * A function that makes of a text what `RepeatedPassageFinder` knows its lines or paragraphs by:
 * three numbers for each that may not repeat.
 */
export function passageHasher(
  { unit = "line", minCharacters = 40 }: PassageHasherOptions = {},
): (text: string) => Uint32Array<ArrayBuffer> {
  const shortest = Math.max(1, minCharacters);
  return (text) => {
    const words: number[] = [];
    for (const [i, passage] of splitPassages(text, unit).entries()) {
      const content = passage.trim();
      if (content.length < shortest) continue;
      const digest = hash("sha256", content, "buffer");
      words.push(digest.readUInt32LE(0), digest.readUInt32LE(4), i);
    }
    return Uint32Array.from(words);
  };
}

/** Options of `RepeatedPassageFinder`. */
export interface RepeatedPassageOptions {
  /** Folder for its files; must exist. Nothing stays in it. */
  folder: string;
  /** Memory for sorting, in bytes. @default 32 MiB */
  memoryBytes?: number;
}

/** A line or paragraph that has come before. */
export interface RepeatedPassage {
  /** Number of the document. */
  document: number;
  /** Its number in the document, from 0. */
  passage: number;
}

/**
 * Finds the lines or paragraphs of a corpus that have come before, in this document or an earlier
 * one, in bounded memory: 64-bit hashes are sorted on disk, 16 bytes a passage.
 *
 * The first pass adds the hashes of all texts; the second goes through `repeated` beside the same
 * texts and takes out what it names.
 *
 * @example
 * ```ts
 * import { passageHasher, removeRepeated, RepeatedPassageFinder } from "@quern/quern";
 * const folder = await Deno.makeTempDir();
 * const texts = ["Cookies?\nOne", "Two\nCookies?"];
 * const hashes = passageHasher({ minCharacters: 5 });
 * using finder = new RepeatedPassageFinder({ folder });
 * texts.forEach((text, document) => finder.add(document, hashes(text)));
 * for await (const { document, passage } of finder.repeated()) {
 *   console.log(document, removeRepeated(texts[document], [passage])); // 1 Two
 * }
 * ```
 */
export class RepeatedPassageFinder implements Disposable {
  readonly #passages: RecordSorter;
  readonly #repeated: RecordSorter;
  readonly #record = new Uint32Array(PASSAGE_WORDS + 1);

  /** Opens the files that passages are sorted in; made in `folder`. */
  constructor({ folder, memoryBytes = DEFAULT_MEMORY }: RepeatedPassageOptions) {
    const half = { folder, memoryBytes: memoryBytes / 2 };
    this.#passages = new RecordSorter({ ...half, name: "passages", words: PASSAGE_WORDS + 1 });
    this.#repeated = new RecordSorter({ ...half, name: "repeated", words: 2 });
  }

  /**
   * Adds what `passageHasher` made of a document's text; documents come in ascending order.
   *
   * @throws {DataError} where the disk is full
   */
  add(document: number, passages: Uint32Array): void {
    const record = this.#record;
    for (let at = 0; at < passages.length; at += PASSAGE_WORDS) {
      const [low, high, passage] = passages.subarray(at, at + PASSAGE_WORDS);
      record[0] = low;
      record[1] = high;
      record[2] = document;
      record[3] = passage;
      this.#passages.add(record);
    }
  }

  /**
   * The passages that have come before, by document and place; ends the finder.
   *
   * @throws the signal's reason where it is aborted
   */
  async *repeated(signal?: AbortSignal): AsyncGenerator<RepeatedPassage> {
    const pause = pauser(signal);
    let any = false;
    let [firstLow, firstHigh] = [0, 0];
    for (const record of this.#passages.sorted()) {
      const wait = pause();
      if (wait !== undefined) await wait;
      if (any && record[0] === firstLow && record[1] === firstHigh) {
        this.#repeated.add(record.subarray(2));
        continue;
      }
      any = true;
      firstLow = record[0];
      firstHigh = record[1];
    }
    for (const [document, passage] of this.#repeated.sorted()) yield { document, passage };
  }

  /** Removes its files. */
  [Symbol.dispose](): void {
    this.#passages[Symbol.dispose]();
    this.#repeated[Symbol.dispose]();
  }
}

/** A text without the lines (or paragraphs) of these numbers; trimmed at its end. */
export function removeRepeated(
  text: string,
  passages: Iterable<number>,
  unit: PassageUnit = "line",
): string {
  const gone = new Set(passages);
  return removePassages(text, unit, (_, number) => gone.has(number));
}
