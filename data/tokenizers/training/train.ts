import { patternOf } from "../patterns.ts";
import { bpeJson } from "../bpe_json.ts";
import { type CountedPreTokens, PreTokenCounts } from "./counts.ts";
import { learnMerges } from "./merges.ts";
import { PreTokenRuns } from "./runs.ts";
import { preTokenSplitter } from "../split.ts";
import { startVocabulary } from "./vocabulary.ts";
import { layOutWords } from "./words.ts";

/** How far `trainBpe` has come. */
export interface BpeProgress {
  /** `count`: reads the texts and counts their pre-tokens; `merge`: learns the merges. */
  phase: "count" | "merge";
  /** Texts read. */
  texts: number;
  /** Their length, in UTF-16 code units. */
  characters: number;
  /** Tokens so far; those that the vocabulary begins with are counted in. */
  tokens: number;
}

/** Options of `trainBpe`. */
export interface TrainBpeOptions {
  /** Size of the vocabulary, special tokens and the 256 bytes included. @default 32768 */
  vocabularySize?: number;
  /**
   * What cuts a text into pre-tokens, which no merge goes beyond: `gpt2`, `cl100k`, `o200k`,
   * `llama3` or a regular expression as a `tokenizer.json` writes it. @default "gpt2"
   */
  pattern?: string;
  /** Tokens that stand for more than their text; they get the first ids. @default [] */
  specialTokens?: readonly string[];
  /** Occurrences that two tokens must have side by side to become one. @default 2 */
  minFrequency?: number;
  /**
   * Memory for merging, in bytes; where the different pre-tokens need more, the rarest are left out.
   * Counting takes a quarter of it and sorts on disk what needs more. @default 536870912
   */
  maxMemoryBytes?: number;
  /** Where counts that need more memory are sorted. @default the system's temporary folder */
  temporaryFolder?: string;
  /** Sees how far the work has come, some ten times a second. @default nothing */
  onProgress?: (progress: BpeProgress) => void;
  /** Ends the work. @default never */
  signal?: AbortSignal;
}

/** What `trainBpe` has learned. */
export interface BpeTraining {
  /** The content of a Hugging Face `tokenizer.json`. */
  json: Record<string, unknown>;
  /** Tokens in the vocabulary; fewer than asked for where no pair was frequent enough. */
  vocabularySize: number;
  /** Texts read. */
  texts: number;
  /** Their length, in UTF-16 code units. */
  characters: number;
  /** Different pre-tokens that were learned from. */
  preTokens: number;
  /** Different pre-tokens that found no room, all of them rarer than the others. */
  leftOut: number;
  /** How often those occurred in all: no count of a pair was off by more, but for pairs within one. */
  leftOutOccurrences: number;
}

/** Memory that merging takes for each byte of the different pre-tokens, in bytes. */
const SLOT_BYTES = 16;
/** Time between two reports, in milliseconds. */
const REPORT_MS = 100;

/**
 * Trains a byte-level BPE tokenizer: counts the pre-tokens of all texts, then merges the commonest
 * pair of neighbouring tokens until the vocabulary is full. Counts are exact up to 2⁵³ and ties go
 * to the smaller left id, then to the smaller right id, so that merges and ids are those of Hugging
 * Face's trainer.
 *
 * @param texts each is a whole text: no token goes beyond its ends. A file that is read in pieces
 * goes through `cutTexts` before
 * @throws {RangeError} where the vocabulary has no room for bytes and special tokens, or memory
 * none for the commonest pre-tokens
 * @throws {SyntaxError} where the pattern can't be used
 * @example
 * ```ts
 * import { trainBpe } from "@quern/quern";
 * const { json, vocabularySize } = await trainBpe(
 *   ReadableStream.from(["to be or not to be", "that is the question"]),
 *   { vocabularySize: 262, specialTokens: ["<|endoftext|>"] },
 * );
 * console.log(vocabularySize, JSON.stringify(json).length);
 * ```
 */
export async function trainBpe(
  texts: AsyncIterable<string>,
  options: TrainBpeOptions = {},
): Promise<BpeTraining> {
  const { vocabularySize = 32_768, specialTokens = [], minFrequency = 2 } = options;
  const { maxMemoryBytes = 2 ** 29, signal } = options;
  const pattern = patternOf(options.pattern ?? "gpt2");
  const vocabulary = startVocabulary(specialTokens);
  assertOptions(vocabularySize, vocabulary.ids.size, specialTokens);
  const report = { texts: 0, characters: 0 };
  const tell = (phase: BpeProgress["phase"]) => {
    options.onProgress?.({ phase, ...report, tokens: vocabulary.ids.size });
  };

  using stack = new DisposableStack();
  const counted = await countPreTokens();
  const words = layOutWords(counted, vocabulary.tokenOfByte, maxMemoryBytes / SLOT_BYTES);
  stack.dispose();
  const merges = await learnMerges(words, vocabulary, {
    ...{ vocabularySize, minFrequency, signal },
    onProgress: () => tell("merge"),
  });
  return {
    json: bpeJson({
      ids: vocabulary.ids,
      merges,
      pattern,
      specialTokens: new Map(specialTokens.map((token) => [token, vocabulary.ids.get(token)!])),
      ignoreMerges: false,
    }),
    vocabularySize: vocabulary.ids.size,
    ...report,
    preTokens: words.size,
    leftOut: words.leftOut,
    leftOutOccurrences: words.leftOutOccurrences,
  };

  async function countPreTokens(): Promise<CountedPreTokens> {
    const split = preTokenSplitter(pattern);
    let counts = new PreTokenCounts();
    let runs: PreTokenRuns | undefined;
    let reportMs = -Infinity;
    const take = (text: string, start: number, end: number) => counts.add(text, start, end);
    for await (const text of texts) {
      signal?.throwIfAborted();
      split(text, take);
      report.texts++;
      report.characters += text.length;
      if (counts.bytes > maxMemoryBytes / 4) {
        runs ??= stack.use(new PreTokenRuns(options.temporaryFolder));
        runs.write(counts);
        counts = new PreTokenCounts();
      }
      if (performance.now() - reportMs >= REPORT_MS) {
        tell("count");
        reportMs = performance.now();
      }
    }
    tell("count");
    if (runs) runs.write(counts);
    return runs ?? counts;
  }
}

function assertOptions(size: number, least: number, specialTokens: readonly string[]): void {
  if (specialTokens.includes("")) {
    throw new RangeError("Cannot train: a special token must have a text, got an empty one");
  }
  if (Number.isSafeInteger(size) && size >= least && size <= 2 ** 31) return;
  throw new RangeError(
    `Cannot train: vocabularySize must be a whole number of at least ${least} (256 bytes and the ` +
      `special tokens), got ${size}`,
  );
}
