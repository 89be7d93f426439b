/** `quern tokenizer train|encode|decode|inspect`: makes, uses and looks at tokenizers. */
import {
  byteTokenizer,
  decodeUtf8,
  decompress,
  encodeStream,
  readBytes,
  readTokenizer,
  type Tokenizer,
  toUtf8,
} from "../data/mod.ts";
import { flagOf, type OptionTable, parseOptions } from "./options.ts";
import { inspectTokenizer } from "./tokenizer_inspect.ts";
import {
  DECODE_OPTIONS,
  ENCODE_OPTIONS,
  INSPECT_OPTIONS,
  TOKENIZER_OPTIONS,
  TRAIN_TOKENIZER_OPTIONS,
} from "./tokenizer_options.ts";
import { trainTokenizer } from "./tokenizer_train.ts";
import { didYouMean, UsageError } from "./usage_error.ts";

export { TOKENIZER_OPTIONS };

const ACTIONS: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  train: (args) => trainTokenizer(parseOptions(TRAIN_TOKENIZER_OPTIONS, args)),
  encode,
  decode,
  async inspect(args) {
    const options = parseOptions(INSPECT_OPTIONS, args);
    return await inspectTokenizer(await openTokenizer(options.tokenizer), options);
  },
};

/** Runs `quern tokenizer`; the first argument says what to do. */
export async function tokenizer(args: string[]): Promise<number> {
  const [name = "", ...rest] = args;
  const names = Object.keys(ACTIONS);
  if (!names.includes(name)) {
    throw new UsageError(
      `quern tokenizer needs one of ${names.join(", ")}, got "${name}".${didYouMean(name, names)}`,
    );
  }
  try {
    return await ACTIONS[name](rest);
  } catch (error) {
    // Who reads the output, such as `head`, has enough.
    if (error instanceof Deno.errors.BrokenPipe) return 0;
    throw error;
  }
}

/** Prints ids separated by blanks. */
async function encode(args: string[]): Promise<number> {
  const { texts, flags } = splitArguments(ENCODE_OPTIONS, args);
  const options = parseOptions(ENCODE_OPTIONS, flags);
  if (texts.length !== 1) {
    throw new UsageError(
      'encode needs one text, file or - for standard input; quote it: "a text".',
    );
  }
  const tokenizer = await openTokenizer(options.tokenizer);
  const text = await openText(texts[0]);
  const ids = options.special
    ? ReadableStream.from([
      tokenizer.encode((await Array.fromAsync(text)).join(""), { addSpecialTokens: true }),
    ])
    : text.pipeThrough(encodeStream(tokenizer));
  let blank = "";
  for await (const part of ids) {
    if (part.length === 0) continue;
    await write(blank + part.join(" "));
    blank = " ";
  }
  await write("\n");
  return 0;
}

/** Prints the text of ids, without a line end of its own. */
async function decode(args: string[]): Promise<number> {
  const { texts, flags } = splitArguments(DECODE_OPTIONS, args);
  const options = parseOptions(DECODE_OPTIONS, flags);
  if (texts.length === 0) {
    throw new UsageError("decode needs ids, a file of them or - for standard input.");
  }
  const tokenizer = await openTokenizer(options.tokenizer);
  const isOne = texts.length === 1 && !/^\d+$/.test(texts[0]);
  const source = isOne ? await openText(texts[0]) : ReadableStream.from([texts.join(" ")]);
  const decoder = tokenizer.incrementalDecoder();
  for await (const ids of readIds(source)) {
    await write(ids.map((id) => decoder.push(id)).join(""));
  }
  await write(decoder.end());
  return 0;
}

/** The whole numbers in a text, as many at a time as a chunk of it holds. */
async function* readIds(chunks: ReadableStream<string>): AsyncGenerator<number[]> {
  let held = "";
  for await (const text of chunks) {
    const words = (held + text).split(/[\s,]+/);
    held = words.pop()!;
    yield toIds(words);
  }
  yield toIds([held]);
}

function toIds(words: string[]): number[] {
  const wrong = words.find((word) => !/^\d*$/.test(word));
  if (wrong !== undefined) {
    throw new UsageError(
      `decode needs ids, which are whole numbers, got ${JSON.stringify(wrong)}.`,
    );
  }
  return words.filter((word) => word !== "").map(Number);
}

/** Text as it is, the content of the file of that name, or standard input (`-`). */
async function openText(text: string): Promise<ReadableStream<string>> {
  const isInput = text === "-";
  if (!isInput && !await isFile(text)) return ReadableStream.from([text]);
  const path = isInput ? "standard input" : text;
  const bytes = isInput ? Deno.stdin.readable : readBytes(text);
  return bytes.pipeThrough(decompress(path)).pipeThrough(toUtf8(path)).pipeThrough(
    decodeUtf8(path),
  );
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    // A text is seldom even a possible name.
    return false;
  }
}

async function openTokenizer(name: string | undefined): Promise<Tokenizer> {
  if (name === undefined) {
    throw new UsageError("quern tokenizer needs --tokenizer FILE; --tokenizer byte needs no file.");
  }
  return name === "byte" ? byteTokenizer() : await readTokenizer(name);
}

/** Tells the texts from the flags; behind `--` all are texts. */
function splitArguments(table: OptionTable, args: string[]): { texts: string[]; flags: string[] } {
  const [texts, flags]: [string[], string[]] = [[], []];
  const valued = new Set(
    ["config", ...Object.keys(table).filter((name) => table[name].type !== "boolean")].map(flagOf),
  );
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--") {
      texts.push(...args.slice(i + 1));
      break;
    }
    if (!args[i].startsWith("--")) texts.push(args[i]);
    else {
      flags.push(args[i]);
      if (valued.has(args[i]) && i + 1 < args.length) flags.push(args[++i]);
    }
  }
  return { texts, flags };
}

const utf8 = new TextEncoder();

async function write(text: string): Promise<void> {
  const bytes = utf8.encode(text);
  for (let done = 0; done < bytes.length;) done += await Deno.stdout.write(bytes.subarray(done));
}
