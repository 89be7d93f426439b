import { DataError } from "../errors.ts";
import { byteAlphabet } from "./byte.ts";
import { MAX_ID } from "./models/model.ts";
import { parsePipeline } from "./parse_pipeline.ts";
import { JsonPart } from "./json_part.ts";
import { patternOf, PATTERNS } from "./patterns.ts";
import { mergesOfRanks } from "./rank_merges.ts";
import { bpeJson } from "./bpe_json.ts";
import { byteAlphabetReader } from "./byte_level.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** What a tiktoken rank file doesn't say. */
export interface TiktokenOptions {
  /**
   * What cuts a text into pieces: `gpt2`, `cl100k`, `o200k`, `llama3` or a regular expression as a
   * `tokenizer.json` writes it.
   */
  pattern: string;
  /** Ids of the special tokens by their text. @default none */
  specialTokens?: Readonly<Record<string, number>>;
}

const GPT2 = { pattern: PATTERNS.gpt2, specialTokens: { "<|endoftext|>": 50256 } };
const FIM = { "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260 };
const KNOWN: Readonly<Record<string, TiktokenOptions>> = {
  gpt2: GPT2,
  r50k_base: GPT2,
  p50k_base: GPT2,
  cl100k_base: {
    pattern: PATTERNS.cl100k,
    specialTokens: { "<|endoftext|>": 100257, ...FIM, "<|endofprompt|>": 100276 },
  },
  o200k_base: {
    pattern: PATTERNS.o200k,
    specialTokens: { "<|endoftext|>": 199999, "<|endofprompt|>": 200018 },
  },
};

/** What OpenAI's rank files don't say, by the name that they are published under. */
export function knownTiktoken(fileName: string): TiktokenOptions | undefined {
  const [name, extension] = fileName.split(".");
  return extension === "tiktoken" && Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
}

/**
 * Reads a tiktoken rank file: a line for each token, its bytes in base64 and its rank, which is its
 * id.
 *
 * @throws {DataError} where the file can't be read, naming the line that is wrong, or where the
 * pattern can't be used
 * @example
 * ```ts ignore
 * import { readTiktoken } from "@quern/quern";
 * const tokenizer = await readTiktoken("cl100k_base.tiktoken", {
 *   pattern: "cl100k",
 *   specialTokens: { "<|endoftext|>": 100257 },
 * });
 * ```
 */
export async function readTiktoken(path: string, options: TiktokenOptions): Promise<Tokenizer> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    const { message } = cause as Error;
    throw new DataError(`Cannot read the ranks: ${message}; check the path`, path, 0, { cause });
  }
  return parseTiktoken(text, path, options);
}

/**
 * The tokenizer of the content of a tiktoken rank file.
 *
 * @param path the file's name, for errors
 * @throws {DataError} naming the line that is wrong
 */
export function parseTiktoken(
  text: string,
  path: string,
  { pattern, specialTokens = {} }: TiktokenOptions,
): Tokenizer {
  const tokens = readRanks(text, path);
  const alphabet = byteAlphabet();
  const written = tokens.map((bytes) => {
    let token = "";
    for (const byte of bytes) token += alphabet[byte];
    return token;
  });
  const ids = new Map<string, number>();
  written.forEach((token, rank) => ids.set(token, rank));
  const { merges, complete } = mergesOfRanks(tokens);
  const json = bpeJson({
    ids,
    merges: merges.map(({ left, right }) => [written[left], written[right]]),
    pattern: patternOf(pattern),
    specialTokens: new Map(Object.entries(specialTokens)),
    ignoreMerges: !complete,
  });
  return parsePipeline(new JsonPart(json, "", path));
}

/** The bytes of the tokens by rank. */
function readRanks(text: string, path: string): Uint8Array[] {
  const tokens: Uint8Array[] = [];
  const seen = new Set<string>();
  let offset = 0;
  text.split("\n").forEach((line, i) => {
    const [, base64, digits] = /^([A-Za-z0-9+/]+={0,2}) (\d{1,7})\r?$/.exec(line) ?? [];
    const rank = Number(digits);
    const bytes = base64 === undefined ? undefined : decodeBase64(base64);
    const isNew = bytes !== undefined && rank <= MAX_ID && !(rank in tokens) && !seen.has(base64);
    if (line !== "" && !isNew) {
      throw new DataError(
        `Cannot use the ranks: line ${i + 1} must be the base64 of a token and its rank of 0 to ` +
          `${MAX_ID}, each once, got ${JSON.stringify(line.slice(0, 60))}; download the file anew`,
        path,
        offset,
      );
    }
    if (bytes !== undefined) {
      tokens[rank] = bytes;
      seen.add(base64);
    }
    offset += line.length + 1;
  });
  const bytesFound = new Set(tokens.filter(({ length }) => length === 1).map(([byte]) => byte));
  if (bytesFound.size < 256) {
    throw new DataError(
      `Cannot use the ranks: wanted a token for each of the 256 bytes, got ${bytesFound.size}; ` +
        "download the file anew",
      path,
      offset,
    );
  }
  return tokens;
}

function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return undefined;
  }
}

/**
 * The tiktoken rank file of a byte-level BPE; special tokens and the pattern are not a part of it.
 *
 * @throws {RangeError} where the tokenizer is another one, or its ids don't follow its merges
 */
export function toTiktoken(tokenizer: Tokenizer): string {
  const { model } = tokenizer.toJson() as { model: { vocab: unknown; merges?: unknown } };
  const added = new Set(tokenizer.specialTokens.values());
  const bytesOf = byteAlphabetReader();
  const refuse = (got: string): never => {
    throw new RangeError(
      `Cannot write ranks: wanted a byte-level BPE whose ids follow its merges, got ${got}; ` +
        "write it as tokenizer.json",
    );
  };
  if (!Array.isArray(model.merges)) return refuse("another model");
  const ids = new Map(Object.entries(model.vocab as Record<string, number>));
  let last = -1;
  for (const merge of model.merges as (string | [string, string])[]) {
    const token = typeof merge === "string" ? merge.replace(" ", "") : merge.join("");
    const id = ids.get(token)!;
    if (id < last) refuse(`the token ${JSON.stringify(token)} with the id ${id} after ${last}`);
    last = id;
  }
  const lines: string[] = [];
  for (const [token, id] of [...ids].sort(([, a], [, b]) => a - b)) {
    if (added.has(id)) continue;
    const bytes = bytesOf(token) ?? refuse(`the token ${JSON.stringify(token)}`);
    lines.push(`${bytes.toBase64()} ${id}\n`);
  }
  return lines.join("");
}
