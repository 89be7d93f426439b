import { type AddedToken, TokenFinder } from "./added_tokens.ts";
import type { StretchEncoder, StretchPlace } from "./byte_level.ts";
import { TokenIds } from "./bpe/token_ids.ts";
import type { Detokenizer } from "./detokenizer.ts";
import type { Normalizer } from "./normalizers.ts";
import type { PostProcessor } from "./post_processors.ts";
import { decoderStream, type Tokenizer } from "./tokenizer.ts";

/** What a tokenizer consists of. */
export interface PipelineParts {
  vocabularySize: number;
  addedTokens: readonly AddedToken[];
  /** @default none */
  normalizer?: Normalizer;
  /** Encodes what is between added tokens. */
  encoder: StretchEncoder;
  /** @default none */
  postProcessor?: PostProcessor;
  detokenizer: Detokenizer;
  /** Makes the content of a `tokenizer.json`. */
  toJson(): Record<string, unknown>;
}

/**
 * The road from text to ids: added tokens are found in the raw text, the rest is normalized, added
 * tokens are found in what that gives, and what is left is encoded.
 */
export function pipelineTokenizer(parts: PipelineParts): Tokenizer {
  const { normalizer, encoder, postProcessor, detokenizer, addedTokens } = parts;
  const normalize = normalizer ?? ((text: string) => text);
  const isLate = ({ normalized }: AddedToken) => normalizer !== undefined && normalized;
  const findersOf = (tokens: readonly AddedToken[]) => ({
    raw: new TokenFinder(tokens.filter((token) => !isLate(token)), (text) => text),
    normalized: new TokenFinder(tokens.filter(isLate), normalize),
  });
  const all = findersOf(addedTokens);
  const plain = findersOf(addedTokens.filter(({ special }) => !special));
  const { raw } = all;
  const canCut = normalizer === undefined && raw.plain && encoder.border !== undefined;
  const ids = new TokenIds();

  function encodeStretch(text: string, place: StretchPlace, finder: TokenFinder): void {
    for (const { start, end, id } of finder.split(text)) {
      if (id !== undefined) ids.push(id);
      else encoder.encode(text.slice(start, end), start === 0 ? place : "inner", ids);
    }
  }

  return {
    vocabularySize: parts.vocabularySize,
    specialTokens: new Map(
      addedTokens.filter(({ special }) => special).map(({ content, id }) => [content, id]),
    ),
    encode(text, { index = 0, addSpecialTokens = false, findSpecialTokens = true } = {}) {
      ids.length = 0;
      const finders = findSpecialTokens ? all : plain;
      for (const { start, end, id } of finders.raw.split(text)) {
        if (id !== undefined) ids.push(id);
        else {
          const place = start > 0 ? "inner" : index > 0 ? "rest" : "first";
          encodeStretch(normalize(text.slice(start, end)), place, finders.normalized);
        }
      }
      const made = ids.take();
      return addSpecialTokens && postProcessor ? postProcessor(made) : made;
    },
    border(text) {
      if (!canCut) return 0;
      // An added token may begin in what is left.
      const border = encoder.border!(text, text.length - raw.longest - 1);
      if (border === 0) return 0;
      const around = raw.split(text).find(({ start, end }) => start < border && border < end);
      return around?.id === undefined ? border : around.start;
    },
    decode: detokenizer.decode,
    incrementalDecoder: detokenizer.incrementalDecoder,
    decoder: () => decoderStream(detokenizer.incrementalDecoder()),
    bytes: detokenizer.bytes,
    byteLength: detokenizer.byteLength,
    toJson: parts.toJson,
  };
}
