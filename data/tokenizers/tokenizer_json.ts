import { DataError } from "../errors.ts";
import { byteAlphabet, byteTokenizer } from "./byte.ts";
import { charTokenizer } from "./character.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * Reads a Hugging Face `tokenizer.json` as `Tokenizer.toJson` writes it: bytes or characters.
 *
 * @throws {DataError} where the file can't be read, is no JSON or holds another kind of tokenizer
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
 * The tokenizer of the content of a `tokenizer.json`.
 *
 * @param path the file's name, for errors
 * @throws {DataError} naming the part that is missing or of a kind that isn't supported
 */
export function parseTokenizer(json: unknown, path: string): Tokenizer {
  function refuse(part: string, wanted: string, got: unknown): never {
    throw new DataError(
      `Cannot use the tokenizer: ${part} must be ${wanted}, got ${show(got)}; ` +
        "use a tokenizer of bytes or of characters",
      path,
    );
  }
  if (!isRecord(json)) refuse("the content", "an object", json);
  const { model, pre_tokenizer: preTokenizer, decoder } = json;
  if (!isRecord(model)) refuse("model", "an object", model);
  if (model.type !== "BPE") refuse("model.type", '"BPE"', model.type);
  if (!isRecord(model.vocab)) refuse("model.vocab", "an object of tokens and ids", model.vocab);
  if (!Array.isArray(model.merges) || model.merges.length > 0) {
    refuse("model.merges", "empty", model.merges);
  }
  for (const part of ["normalizer", "post_processor", "added_tokens", "truncation", "padding"]) {
    if (!isUnset(json[part])) refuse(part, "empty", json[part]);
  }
  for (const [part, value] of Object.entries(model)) {
    if (["type", "vocab", "merges"].includes(part) || isUnset(value)) continue;
    refuse(`model.${part}`, "unset", value);
  }

  const tokens = tokensOf(model.vocab, refuse);
  if (isRecord(preTokenizer) && preTokenizer.type === "ByteLevel") {
    for (const option of ["add_prefix_space", "use_regex"]) {
      if (preTokenizer[option] !== false) {
        refuse(`pre_tokenizer.${option}`, "false", preTokenizer[option]);
      }
    }
    if (!isRecord(decoder) || decoder.type !== "ByteLevel") {
      refuse("decoder", "of type ByteLevel", decoder);
    }
    const alphabet = byteAlphabet();
    if (tokens.length !== alphabet.length || tokens.some((token, id) => token !== alphabet[id])) {
      refuse("model.vocab", "the 256 bytes with their values as ids", model.vocab);
    }
    return byteTokenizer();
  }
  if (!isUnset(preTokenizer)) refuse("pre_tokenizer", "ByteLevel or null", preTokenizer);
  if (!isRecord(decoder) || decoder.type !== "Fuse") refuse("decoder", "of type Fuse", decoder);
  let last = -1;
  for (const token of tokens) {
    const codePoint = token.codePointAt(0) ?? -1;
    if (token !== String.fromCodePoint(Math.max(codePoint, 0)) || codePoint <= last) {
      refuse("model.vocab", "single characters with ids in order of code point", token);
    }
    last = codePoint;
  }
  return charTokenizer(tokens);
}

/** The tokens in order of id. */
function tokensOf(
  vocabulary: Record<string, unknown>,
  refuse: (part: string, wanted: string, got: unknown) => never,
): string[] {
  const entries = Object.entries(vocabulary);
  const tokens = new Array<string | undefined>(entries.length).fill(undefined);
  for (const [token, id] of entries) {
    const free = typeof id === "number" && id in tokens && tokens[id] === undefined;
    if (!free) refuse(`the id of ${show(token)}`, `one of 0 to ${entries.length - 1}, once`, id);
    tokens[id as number] = token;
  }
  if (tokens.length === 0) refuse("model.vocab", "an object of tokens and ids", vocabulary);
  return tokens as string[];
}

/** Whether a part of the file says nothing: absent, null, false, empty text or an empty list. */
function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === false || value === "" ||
    (Array.isArray(value) && value.length === 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value in a few words, however large it is. */
function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (!isRecord(value)) return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 60);
  return typeof value.type === "string"
    ? `one of type ${value.type}`
    : `an object of ${Object.keys(value).length} entries`;
}
