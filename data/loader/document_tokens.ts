import type { Document } from "../document.ts";
import type { Tokenizer } from "../tokenizers/mod.ts";

/** Names that the token between documents goes by. */
const END_OF_TEXT = ["<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "[SEP]"];

/** Id of the token that a tokenizer has to stand behind documents; undefined where it has none. */
export function endOfTextOf(tokenizer: Tokenizer): number | undefined {
  const { added_tokens: added = [] } = tokenizer.toJson() as {
    added_tokens?: { content: string; id: number }[];
  };
  const ids = new Map(added.map(({ content, id }) => [content, id]));
  return END_OF_TEXT.map((content) => ids.get(content)).find((id) => id !== undefined);
}

/**
 * A function from the text of a document to its ids, with end-of-text behind them.
 *
 * @param endOfText id to put behind each document; undefined for nothing
 */
export function documentEncoder(
  tokenizer: Tokenizer,
  endOfText: number | undefined = endOfTextOf(tokenizer),
): (text: string) => Uint32Array {
  if (endOfText === undefined) return (text) => tokenizer.encode(text);
  return (text) => {
    const ids = tokenizer.encode(text);
    const ended = new Uint32Array(ids.length + 1);
    ended.set(ids);
    ended[ids.length] = endOfText;
    return ended;
  };
}

/**
 * A transform from documents to their token ids, each document's followed by end-of-text.
 *
 * @param endOfText id to put behind each document; undefined for nothing
 * @throws {RangeError} in the stream, where the vocabulary lacks a character
 */
export function encodeDocuments(
  tokenizer: Tokenizer,
  endOfText: number | undefined = endOfTextOf(tokenizer),
): TransformStream<Document, Uint32Array> {
  const encode = documentEncoder(tokenizer, endOfText);
  return new TransformStream({
    transform: ({ text }, controller) => controller.enqueue(encode(text)),
  });
}
