/**
 * Text of any size that is like real text to a counter of words: the words of the sets in
 * `../shared/data` by their frequencies, with new rare words and numbers at the rate at which they
 * turn up in English. The same seed gives the same bytes.
 *
 *     deno run -R tests/data/synthetic_text.ts --bytes 100e6 [--seed 1] > text.txt
 *     deno run -R tests/data/synthetic_text.ts --bytes 2e9 --exact 0.2 --near 0.1 --jsonl > text.jsonl
 */
import { parseArgs } from "@std/cli/parse-args";
import { randomNumbers } from "./tokenizers/random_text.ts";

/** Options of `syntheticDocuments`. */
export interface SyntheticOptions {
  /** UTF-8 bytes of all texts together, roughly: the last document is whole. */
  bytes: number;
  /** @default 1 */
  seed?: number;
  /** Share of documents that repeat an earlier one word for word, at most 0.3. @default 0 */
  exactDuplicates?: number;
  /** Share of documents that repeat an earlier one but for a word in forty, at most 0.1. @default 0 */
  nearDuplicates?: number;
  /** Share of words that nobody wrote before. @default 0.14 */
  newWords?: number;
}

const DATA = new URL("../../../shared/data/", import.meta.url);
/** Documents that duplicates are taken from. */
const MEMORY = 512;
const WORDS_PER_DOCUMENT = 350;

/** Whether the texts that the words are taken from are here. */
export function hasSyntheticText(): boolean {
  try {
    return Deno.statSync(new URL("wikitext-2/train.txt.gz", DATA)).isFile;
  } catch {
    return false;
  }
}

/** Documents of some 2 kB each. */
export async function* syntheticDocuments(options: SyntheticOptions): AsyncGenerator<string> {
  const { bytes, seed = 1, exactDuplicates = 0, nearDuplicates = 0, newWords = 0.14 } = options;
  if (
    !(exactDuplicates >= 0 && exactDuplicates <= 0.3 && nearDuplicates >= 0 &&
      nearDuplicates <= 0.1)
  ) {
    throw new RangeError(
      "Cannot make text: exactDuplicates must be in 0 to 0.3 and nearDuplicates in 0 to 0.1, got " +
        `${exactDuplicates} and ${nearDuplicates}`,
    );
  }
  const pick = picker(await wordCounts());
  const random = randomNumbers(seed);
  const memory: string[][] = [];
  for (let made = 0; made < bytes;) {
    const kind = memory.length < MEMORY ? 1 : random();
    let words: string[];
    if (kind < exactDuplicates) words = memory[Math.floor(random() * MEMORY)];
    else if (kind < exactDuplicates + nearDuplicates) {
      words = memory[Math.floor(random() * MEMORY)].slice();
      for (let i = 0; i < words.length; i += 40) words[i] = pick(random());
    } else words = newDocument(pick, random, newWords);
    if (memory.length < MEMORY) memory.push(words);
    else if (kind > 0.95) memory[Math.floor(random() * MEMORY)] = words;
    const text = words.join(" ") + "\n";
    // Nearly all is ASCII; a character more or less does not matter.
    made += text.length;
    yield text;
  }
}

function newDocument(
  pick: (share: number) => string,
  random: () => number,
  newWords: number,
): string[] {
  const count = Math.floor(WORDS_PER_DOCUMENT * (0.2 + 1.6 * random()));
  const words = new Array<string>(count);
  for (let i = 0; i < count; i++) {
    const word = pick(random());
    const kind = random();
    if (kind < newWords) {
      // Halves of two words, as names and coinages sound; one in four is a number.
      const other = pick(random());
      words[i] = kind < newWords / 4
        ? String(Math.floor(1e6 * random() ** 4))
        : word.slice(0, 1 + word.length / 2) + other.slice(other.length / 2);
    } else words[i] = kind > 0.9 ? word + (kind > 0.95 ? "," : kind > 0.94 ? ".\n" : ".") : word;
  }
  return words;
}

/** Words of the real texts and how often they occur. */
async function wordCounts(): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const name of ["wikitext-2/train.txt.gz", "tatoeba-eng-cmn/cmn.txt.gz"]) {
    using file = await Deno.open(new URL(name, DATA));
    const text = await new Response(file.readable.pipeThrough(new DecompressionStream("gzip")))
      .text();
    for (const word of text.match(/[\p{L}\p{M}'’-]+/gu) ?? []) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

/** Picks words by their frequency: a table of 2¹⁸ places, the commonest words at its start. */
function picker(counts: Map<string, number>): (share: number) => string {
  const table: string[] = [];
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  let seen = 0;
  for (const [word, count] of sorted) {
    seen += count;
    while (table.length < seen / total * 2 ** 18) table.push(word);
  }
  return (share) => table[Math.floor(share * table.length)];
}

async function* lines(options: SyntheticOptions, jsonl: boolean): AsyncGenerator<string> {
  let [id, held] = [0, ""];
  for await (const text of syntheticDocuments(options)) {
    held += jsonl ? JSON.stringify({ id: `synthetic-${id++}`, text }) + "\n" : text + "\n";
    if (held.length < 1 << 20) continue;
    yield held;
    held = "";
  }
  yield held;
}

if (import.meta.main) {
  const flags = parseArgs(Deno.args, {
    boolean: ["jsonl"],
    default: { bytes: 1e6, seed: 1, exact: 0, near: 0 },
  });
  const options = {
    bytes: Number(flags.bytes),
    seed: Number(flags.seed),
    exactDuplicates: Number(flags.exact),
    nearDuplicates: Number(flags.near),
  };
  await ReadableStream.from(lines(options, flags.jsonl)).pipeThrough(new TextEncoderStream())
    .pipeTo(Deno.stdout.writable);
}
