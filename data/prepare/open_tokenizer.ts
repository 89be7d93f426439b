import { createHash } from "node:crypto";
import { byteTokenizer, readTokenizer, type Tokenizer } from "../tokenizers/mod.ts";

/** Names that the token between documents goes by. */
const END_OF_TEXT = ["<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "[SEP]"];

/** A tokenizer and what a manifest says of it. */
export interface OpenTokenizer {
  tokenizer: Tokenizer;
  /** The content of its tokenizer.json; workers make the tokenizer of it. */
  json: Record<string, unknown>;
  /** SHA-256 of that content in hexadecimal. */
  sha256: string;
  /** Id of the token behind each document. */
  endOfText?: number;
}

/**
 * Opens a tokenizer by name and finds its end-of-text token.
 *
 * @param name `byte`, or the path of a tokenizer.json or a tiktoken file
 * @param endOfText content of the token to put behind each document, `none` for no token
 * @throws {DataError} where the file cannot be read
 * @throws {RangeError} where there is no such token
 */
export async function openTokenizer(name: string, endOfText?: string): Promise<OpenTokenizer> {
  const tokenizer = name === "byte" ? byteTokenizer() : await readTokenizer(name);
  const json = tokenizer.toJson();
  return {
    tokenizer,
    json,
    sha256: createHash("sha256").update(JSON.stringify(json)).digest("hex"),
    endOfText: findEndOfText(json as TokenizerJson, name, endOfText),
  };
}

function findEndOfText(json: TokenizerJson, name: string, wanted?: string): number | undefined {
  if (wanted === "none") return undefined;
  const contents = wanted === undefined ? END_OF_TEXT : [wanted];
  const added = new Map(json.added_tokens?.map(({ content, id }) => [content, id]));
  const id = contents.map((content) => added.get(content)).find((id) => id !== undefined);
  if (id !== undefined || (wanted === undefined && name === "byte")) return id;
  throw new RangeError(
    `Cannot put a token between documents: the tokenizer ${name} must have one of ` +
      `${contents.join(" ")}; name its own with endOfText, or none`,
  );
}

/** As much of a tokenizer.json as is looked at. */
interface TokenizerJson {
  added_tokens?: { content: string; id: number }[];
}
