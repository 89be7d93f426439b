import { createHash } from "node:crypto";
import { byteTokenizer, readTokenizer, type Tokenizer } from "../tokenizers/mod.ts";
import { WorkerPool } from "./pool.ts";

/** Names that the token between documents goes by. */
const END_OF_TEXT = ["<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "[SEP]"];

/** What is known of a tokenizer, as plain values. */
export interface TokenizerFacts {
  /** Its tokenizer.json, as UTF-8; workers make the tokenizer of it. */
  json: Uint8Array<ArrayBuffer>;
  /** SHA-256 of that in hexadecimal. */
  sha256: string;
  vocabularySize: number;
  /** Id of the token behind each document. */
  endOfText?: number;
}

/** A tokenizer and what is known of it. */
export interface OpenTokenizer extends TokenizerFacts {
  tokenizer: Tokenizer;
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
  const content = tokenizer.toJson();
  const json = new TextEncoder().encode(JSON.stringify(content));
  return {
    tokenizer,
    json,
    sha256: createHash("sha256").update(json).digest("hex"),
    vocabularySize: tokenizer.vocabularySize,
    endOfText: findEndOfText(content as TokenizerJson, name, endOfText),
  };
}

/**
 * What is known of a tokenizer, which is opened in a worker: reading one leaves a hundred megabytes
 * of memory that are not given back.
 *
 * @throws as {@linkcode openTokenizer} does
 */
export async function describeTokenizer(
  name: string,
  endOfText?: string,
): Promise<TokenizerFacts> {
  using pool = new WorkerPool<null, TokenizerTask, TokenizerFacts>({
    module: new URL("./tokenizer_worker.ts", import.meta.url),
    setup: null,
    workers: 1,
  });
  return await pool.run({ name, endOfText });
}

/** Which tokenizer to open. */
export interface TokenizerTask {
  name: string;
  endOfText?: string;
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
