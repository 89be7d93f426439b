import { endOfTextOf } from "../loader/mod.ts";
import type { Tokenizer } from "../tokenizers/mod.ts";
import { encodeAt, type Encoder, type EncoderOptions, joinIds, makeEncoder } from "./example.ts";
import { nextTokenRow, tooManyTokens } from "./example.ts";
import type { TextPair } from "./translation.ts";

/** Options of {@linkcode translationEncoder}. */
export interface TranslationEncoderOptions extends EncoderOptions {
  /** The tokenizer of the model. */
  tokenizer: Tokenizer;
  /** What stands before the translation, with the text to translate as `{source}`. @default PROMPT */
  prompt?: string;
}

/** What a model that only decodes sees before a translation, where nothing else is said. */
export const TRANSLATION_PROMPT = "{source}\n";

/** What ends a translation where the tokenizer has no end-of-text. */
const END = "\n";

/** The prompt of a text: what the model sees before it translates. */
export function translationPrompt(source: string, prompt: string = TRANSLATION_PROMPT): string {
  if (prompt.split("{source}").length !== 2) {
    throw new RangeError(
      `Cannot make a prompt: wanted {source} once in it, got ${JSON.stringify(prompt)}`,
    );
  }
  // A function, since a text may hold what `replace` takes for a pattern.
  return prompt.replace("{source}", () => source);
}

/**
 * Pairs as a model that only decodes sees them: the prompt, the translation and its end
 * (end-of-text, or a line feed where the tokenizer has none). The translation and its end are
 * targets, the prompt is none. Where it is cut, first the source loses its end, then the translation.
 *
 * @throws {RangeError} where the prompt does not hold `{source}` once
 */
export function translationEncoder(options: TranslationEncoderOptions): Encoder<TextPair> {
  const { tokenizer, context, onLong = "error", prompt = TRANSLATION_PROMPT } = options;
  const [before, after] = translationPrompt("\0", prompt).split("\0");
  const endOfText = endOfTextOf(tokenizer);
  const end = endOfText === undefined ? tokenizer.encode(END, { index: 1 }) : [endOfText];
  return makeEncoder(({ source, target, place }) => {
    const encode = (text: string, index: number) =>
      encodeAt((part) => tokenizer.encode(part, { index }), text, place);
    // The prompt is encoded as a whole, as it is when the model translates.
    const asked = encode(translationPrompt(source, prompt), 0);
    const answer = joinIds([encode(target, 1), Uint32Array.from(end)]);
    const most = context + 1;
    const length = asked.length + answer.length;
    if (length <= most) {
      const ids = joinIds([asked, answer]);
      return nextTokenRow(ids, (i) => i >= asked.length);
    }
    if (onLong === "error") throw tooManyTokens(place, "the pair", length - 1, context);
    const frame = encode(before, 0).length + encode(after, 1).length;
    const kept = Math.max(1, most - answer.length - frame);
    const short = kept < asked.length
      ? joinIds([
        ...(before === "" ? [] : [encode(before, 0)]),
        encode(source, before === "" ? 0 : 1).slice(0, kept),
        encode(after, 1),
      ])
      : asked;
    const ids = joinIds([short, answer]).slice(0, most);
    return { ...nextTokenRow(ids, (i) => i >= short.length), cut: true };
  });
}
