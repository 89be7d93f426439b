import { basename } from "@std/path";
import { DataError } from "../errors.ts";
import { byteAlphabet, byteTokenizer } from "./byte.ts";
import { charTokenizer } from "./character.ts";
import { JsonPart } from "./json_part.ts";
import { parsePipeline } from "./parse_pipeline.ts";
import { knownTiktoken, parseTiktoken } from "./tiktoken.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * Reads a tokenizer: a Hugging Face `tokenizer.json`, or a tiktoken rank file whose name says which
 * one it is, such as `cl100k_base.tiktoken`; others are for `readTiktoken`.
 *
 * @throws {DataError} where the file can't be read, or naming the part of it that can't be used
 */
export async function readTokenizer(path: string): Promise<Tokenizer> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw new DataError(
      `Cannot read the tokenizer: ${(cause as Error).message}; check the path`,
      path,
      0,
      { cause },
    );
  }
  const known = knownTiktoken(basename(path));
  if (known) return parseTiktoken(text, path, known);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const { message } = cause as SyntaxError;
    // V8 tells the place in UTF-16 code units; in a short text it quotes the text instead.
    const end = message.startsWith("Unexpected end") ? text.length : 0;
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? end);
    throw new DataError(
      `Cannot read the tokenizer: wanted JSON, got ${message}; save the file anew`,
      path,
      new TextEncoder().encode(text.slice(0, position)).length,
      { cause },
    );
  }
  return parseTokenizer(json, path);
}

/**
 * The tokenizer of the content of a `tokenizer.json`. What the file says of truncation and padding
 * is kept but not done: ids are those of the whole text.
 *
 * @param path the file's name, for errors
 * @throws {DataError} naming the part that is missing or unknown
 */
export function parseTokenizer(json: unknown, path: string): Tokenizer {
  const file = new JsonPart(json, "", path);
  return plainTokenizer(file.fields) ?? parsePipeline(file);
}

/** The tokenizer of bytes or of characters, if the content is exactly what that one writes. */
function plainTokenizer(fields: Readonly<Record<string, unknown>>): Tokenizer | undefined {
  const tokens = tableTokens(fields);
  if (tokens === undefined) return undefined;
  const isBytes = tokens.length === 256 && byteAlphabet().every((each, id) => each === tokens[id]);
  const isText = tokens.every((token) => [...token].length === 1 && token.isWellFormed());
  if (!isBytes && !isText) return undefined;
  const tokenizer = isBytes ? byteTokenizer() : charTokenizer(tokens);
  return isSame(fields, tokenizer.toJson()) ? tokenizer : undefined;
}

/** The tokens of a content whose model is a table, by id. */
function tableTokens(fields: Readonly<Record<string, unknown>>): string[] | undefined {
  const model = fields.model as { vocab?: unknown; merges?: unknown } | undefined | null;
  const isTable = Array.isArray(model?.merges) && model.merges.length === 0 &&
    typeof model.vocab === "object" && model.vocab !== null;
  if (!isTable) return undefined;
  const tokens = Object.entries(model.vocab as object).sort(([, a], [, b]) => a - b)
    .map(([token]) => token);
  return tokens.length > 0 ? tokens : undefined;
}

/** Whether two contents say the same, in whatever order. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const names = Object.keys(a);
  return Array.isArray(a) === Array.isArray(b) && names.length === Object.keys(b).length &&
    names.every((name) =>
      Object.hasOwn(b, name) &&
      isSame((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name])
    );
}
