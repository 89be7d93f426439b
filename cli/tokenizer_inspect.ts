import type { Tokenizer } from "../data/mod.ts";
import { columns } from "./help.ts";
import type { OptionValues } from "./options.ts";
import { readRawText } from "./raw_text.ts";
import type { INSPECT_OPTIONS } from "./tokenizer_options.ts";

/** Tokens that are shown of each kind. */
const SHOWN = 10;
/** Characters of the longest bar. */
const BAR = 50;
/** Bytes from which on lengths are counted together. */
const LONG = 16;

/** What `quern tokenizer inspect` tells. */
interface Inspection {
  vocabularySize: number;
  /** Ids by text. */
  specialTokens: Record<string, number>;
  /** The longest ones, special tokens apart. */
  longestTokens: { id: number; text: string; bytes: number }[];
  /** Tokens of 1, 2, … bytes; the last entry counts all longer ones. */
  lengths: number[];
  /** What the sample gave; absent without one. */
  sample?: {
    bytes: number;
    tokens: number;
    bytesPerToken: number;
    /** Tokens that did not occur. */
    unused: number;
    /** Some of them. */
    unusedTokens: { id: number; text: string }[];
  };
}

/** Runs `quern tokenizer inspect`. */
export async function inspectTokenizer(
  tokenizer: Tokenizer,
  options: OptionValues<typeof INSPECT_OPTIONS>,
): Promise<number> {
  const special = new Set(tokenizer.specialTokens.values());
  const tokens = Array.from({ length: tokenizer.vocabularySize }, (_, id) => id)
    .filter((id) => !special.has(id))
    .map((id) => ({ id, bytes: tokenizer.byteLength(id) }));
  const lengths = new Array<number>(LONG).fill(0);
  for (const { bytes } of tokens) if (bytes > 0) lengths[Math.min(bytes, LONG) - 1]++;
  const longest = tokens.toSorted((a, b) => b.bytes - a.bytes).slice(0, SHOWN);
  const inspection: Inspection = {
    vocabularySize: tokenizer.vocabularySize,
    specialTokens: Object.fromEntries(tokenizer.specialTokens),
    longestTokens: longest.map(({ id, bytes }) => ({ id, text: tokenizer.decode([id]), bytes })),
    lengths,
    ...(options.data.length > 0 && { sample: await trySample(tokenizer, special, options) }),
  };
  console.log(options.json ? JSON.stringify(inspection) : describe(inspection));
  return 0;
}

async function trySample(
  tokenizer: Tokenizer,
  special: ReadonlySet<number>,
  { data, sampleBytes, ...options }: OptionValues<typeof INSPECT_OPTIONS>,
): Promise<NonNullable<Inspection["sample"]>> {
  const used = new Uint8Array(tokenizer.vocabularySize);
  const utf8 = new TextEncoder();
  let [bytes, tokens] = [0, 0];
  for await (const text of await readRawText(data, options)) {
    // A character is at least one byte, so no more than that many are needed.
    const part = text.slice(0, sampleBytes - bytes);
    const ids = tokenizer.encode(part);
    for (const id of ids) used[id] = 1;
    bytes += utf8.encode(part).length;
    tokens += ids.length;
    if (bytes >= sampleBytes) break;
  }
  const unused = [...used.keys()].filter((id) =>
    used[id] === 0 && !special.has(id) && tokenizer.byteLength(id) > 0
  );
  return {
    ...{ bytes, tokens },
    bytesPerToken: tokens === 0 ? 0 : bytes / tokens,
    unused: unused.length,
    unusedTokens: unused.slice(-SHOWN).map((id) => ({ id, text: tokenizer.decode([id]) })),
  };
}

function describe({ vocabularySize, specialTokens, longestTokens, lengths, sample }: Inspection) {
  const number = (value: number) => value.toLocaleString("en");
  const quoted = (tokens: { id: number; text: string }[]) =>
    tokens.map(({ id, text }): [string, string] => [String(id), shorten(JSON.stringify(text))]);
  const specials = Object.entries(specialTokens).map(([text, id]) => ({ id, text }));
  const parts = [
    `${number(vocabularySize)} tokens`,
    section("Special tokens", quoted(specials)),
    section("Longest tokens", quoted(longestTokens)),
    `Tokens by length in bytes\n${bars(lengths)}`,
  ];
  if (sample === undefined) parts.push("--data SOURCE tells the bytes per token of a sample.");
  else {
    const { bytes, tokens, bytesPerToken, unused, unusedTokens } = sample;
    parts.push(
      `Sample: ${number(bytes)} bytes, ${number(tokens)} tokens, ${
        bytesPerToken.toFixed(2)
      } bytes per token`,
      section(`Unused in the sample: ${number(unused)}, the last of them`, quoted(unusedTokens)),
    );
  }
  return parts.filter((part) => part !== "").join("\n\n");
}

function section(title: string, rows: [string, string][]): string {
  return rows.length === 0 ? "" : `${title}\n${columns(rows)}`;
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…"`;
}

function bars(lengths: number[]): string {
  const most = Math.max(...lengths, 1);
  const longest = lengths.findLastIndex((count) => count > 0);
  return lengths.slice(0, longest + 1).map((count, i) => {
    const label = i + 1 === LONG ? `${LONG}+` : String(i + 1);
    const bar = "█".repeat(Math.ceil(count / most * BAR));
    return `  ${label.padStart(3)} ${bar}${bar && " "}${count.toLocaleString("en")}`;
  }).join("\n");
}
