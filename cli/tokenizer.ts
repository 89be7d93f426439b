/** `quern tokenizer train|encode|decode|inspect`. */
import { readDocuments, readText, readTokenizer, type Tokenizer, trainBpe } from "../data/mod.ts";
import { defineOptions, type OptionTable, parseOptions } from "./options.ts";
import { UsageError } from "./usage_error.ts";

const TOKENIZER = {
  tokenizer: { type: "string", unit: "FILE", help: "tokenizer.json or a tiktoken file." },
} as const;

const TRAIN = defineOptions({
  data: { type: "strings", unit: "SOURCE", help: "train: what to learn from." },
  textField: { type: "string", unit: "NAME", default: "text", help: "train: column of the text." },
  vocabularySize: {
    type: "integer",
    unit: "tokens",
    min: 256,
    default: 32_768,
    help: "train: tokens in all, bytes and special tokens included.",
  },
  pattern: {
    type: "string",
    default: "gpt2",
    help: "train: gpt2, cl100k, o200k, llama3 or a regular expression that cuts text into words.",
  },
  specialToken: {
    type: "strings",
    unit: "TOKEN",
    defaultHelp: "<|endoftext|>",
    help: "train: a token of its own.",
  },
  minFrequency: { type: "integer", min: 1, default: 2, help: "train: rarest pair to merge." },
  out: { type: "string", unit: "FILE", default: "tokenizer.json", help: "train: where to write." },
});
const ENCODE = defineOptions({
  ...TOKENIZER,
  special: { type: "boolean", help: "encode: add the tokens that stand around a text." },
});
const DECODE = defineOptions(TOKENIZER);
const INSPECT = defineOptions({
  ...TOKENIZER,
  sample: { type: "strings", unit: "FILE", help: "inspect: text to measure the tokenizer on." },
});

/** Options of all its parts, for `--help`. */
export const TOKENIZER_OPTIONS: OptionTable = { ...TRAIN, ...ENCODE, ...INSPECT };

/** Ids that are turned into text at once. */
const IDS_AT_ONCE = 1 << 16;
/** Columns of the longest bar. */
const LONGEST_BAR = 40;

const PARTS: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  train,
  encode,
  decode,
  inspect,
};

/**
 * Runs `quern tokenizer`.
 *
 * @returns the exit code
 */
export async function tokenizer([part, ...args]: string[]): Promise<number> {
  if (part === undefined || !Object.hasOwn(PARTS, part)) {
    throw new UsageError(
      `quern tokenizer wants ${Object.keys(PARTS).join(", ")}, got ${part ?? "nothing"}.`,
    );
  }
  await PARTS[part](args);
  return 0;
}

async function train(args: string[]): Promise<void> {
  const { data, textField, specialToken, out, ...options } = parseOptions(TRAIN, args);
  if (data.length === 0) throw new UsageError("quern tokenizer train needs --data SOURCE.");
  const { documents } = readDocuments(data, { textField });
  async function* texts() {
    for await (const { text } of documents) yield text;
  }
  const specialTokens = specialToken.length > 0 ? specialToken : ["<|endoftext|>"];
  const { json, vocabularySize } = await trainBpe(texts(), { ...options, specialTokens });
  await Deno.writeTextFile(out, JSON.stringify(json) + "\n");
  console.log(`${vocabularySize.toLocaleString("en")} tokens in ${out}. Next:
  deno task prepare --tokenizer ${out} --data SOURCE --out DIR`);
}

async function encode(args: string[]): Promise<void> {
  const text = args.at(-1);
  if (text === undefined || (text !== "-" && text.startsWith("--"))) {
    throw new UsageError(
      "quern tokenizer encode needs a text, or - for standard input, at its end.",
    );
  }
  const { tokenizer, special } = parseOptions(ENCODE, args.slice(0, -1));
  const opened = await open("encode", tokenizer);
  const whole = text === "-" ? (await Array.fromAsync(readText(["-"]))).join("") : text;
  console.log(opened.encode(whole, { addSpecialTokens: special }).join(" "));
}

async function decode(args: string[]): Promise<void> {
  const first = args.findIndex((arg) => arg === "-" || /^[\d\s,]+$/.test(arg));
  if (first < 0) {
    throw new UsageError("quern tokenizer decode needs ids, or - for standard input, at its end.");
  }
  const { tokenizer } = parseOptions(DECODE, args.slice(0, first));
  const opened = await open("decode", tokenizer);
  const given = args.slice(first);
  const text = given[0] === "-"
    ? (await Array.fromAsync(readText(["-"]))).join("")
    : given.join(" ");
  const ids = text.split(/[\s,]+/).filter((id) => id !== "").map(Number);
  const decoder = ReadableStream.from(ids).pipeThrough(opened.decoder());
  let piece = "";
  for await (const part of decoder) {
    piece += part;
    if (piece.length < IDS_AT_ONCE) continue;
    await write(piece);
    piece = "";
  }
  await write(`${piece}\n`);
}

async function inspect(args: string[]): Promise<void> {
  const { tokenizer, sample } = parseOptions(INSPECT, args);
  const opened = await open("inspect", tokenizer);
  const { vocabularySize, specialTokens } = opened;
  const lengths: number[] = [];
  for (let id = 0; id < vocabularySize; id++) lengths.push(opened.byteLength(id));
  const longest = [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a]).slice(0, 10);
  console.log(`vocabulary size: ${vocabularySize.toLocaleString("en")}
special tokens: ${[...specialTokens.keys()].join(" ") || "none"}
longest tokens: ${longest.map((id) => JSON.stringify(opened.decode([id]))).join(" ")}

bytes of a token, and how many tokens have so many:
${picture(lengths)}`);
  if (sample.length > 0) await measure(opened, sample);
}

async function measure(tokenizer: Tokenizer, sample: readonly string[]): Promise<void> {
  const text = (await Array.fromAsync(readText([...sample]))).join("");
  const ids = tokenizer.encode(text);
  const bytes = new TextEncoder().encode(text).length;
  const used = new Set(ids).size;
  console.log(`
sample: ${bytes.toLocaleString("en")} bytes, ${ids.length.toLocaleString("en")} tokens
bytes per token: ${(bytes / Math.max(1, ids.length)).toFixed(2)}
unused tokens: ${(tokenizer.vocabularySize - used).toLocaleString("en")}`);
}

/** A bar for each length. */
function picture(lengths: readonly number[]): string {
  const counts = [...Map.groupBy(lengths, (length) => length)]
    .map(([length, { length: count }]) => ({ length, count }))
    .sort((a, b) => a.length - b.length);
  const most = Math.max(...counts.map(({ count }) => count));
  return counts.map(({ length, count }) =>
    `${String(length).padStart(5)} ${"█".repeat(Math.ceil(LONGEST_BAR * count / most))} ${count}`
  ).join("\n");
}

async function open(part: string, path: string | undefined): Promise<Tokenizer> {
  if (path === undefined) throw new UsageError(`quern tokenizer ${part} needs --tokenizer FILE.`);
  return await readTokenizer(path);
}

async function write(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += await Deno.stdout.write(bytes.subarray(done));
}
