import type { Document } from "../document.ts";
import { endOfTextOf } from "../loader/mod.ts";
import type { Tokenizer } from "../tokenizers/mod.ts";
import { encodeAt, type Example, joinIds, nextTokenRow } from "./example.ts";

/**
 * Documents as a model of language sees them: each with end-of-text behind it where the tokenizer
 * has one, cut into rows of at most `context` tokens that follow one another, every token a target
 * but the first.
 *
 * @throws {DataError} in the stream, where the vocabulary lacks a character
 */
export function textRows(
  { tokenizer, context }: { tokenizer: Tokenizer; context: number },
): TransformStream<Document, Example> {
  const endOfText = endOfTextOf(tokenizer);
  const end = Uint32Array.from(endOfText === undefined ? [] : [endOfText]);
  let line = 0;
  return new TransformStream({
    transform({ text, source }, controller) {
      const place = { path: source, line: ++line, offset: 0 };
      const ids = joinIds([encodeAt((part) => tokenizer.encode(part), text, place), end]);
      for (let from = 0; from + 1 < ids.length; from += context) {
        const row = nextTokenRow(ids.subarray(from, from + context + 1), () => true);
        controller.enqueue({ ...row, place });
      }
    },
  });
}
