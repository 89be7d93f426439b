import type { Tokenizer } from "../tokenizers/mod.ts";
import { encodeAt, type Encoder, type EncoderOptions, joinIds, makeEncoder } from "./example.ts";
import { tooManyTokens } from "./example.ts";
import { PAIR_TOKENS } from "./pair_tokenizer.ts";
import type { TextPair } from "./translation.ts";

/** Options of {@linkcode pairEncoder}. */
export interface PairEncoderOptions extends EncoderOptions {
  /** The tokenizer of both sides, with the tokens {@linkcode PAIR_TOKENS}. */
  tokenizer: Tokenizer;
}

/** Ids of the tokens that fill, begin and end texts. */
export interface PairIds {
  /** Fills texts up. */
  padId: number;
  /** Begins a translation. */
  startId: number;
  /** Ends a text. */
  endId: number;
}

/**
 * The ids of the tokens that a model with an encoder needs.
 *
 * @throws {RangeError} naming the token that the tokenizer lacks
 */
export function pairIds({ specialTokens }: Tokenizer): PairIds {
  const idOf = (token: string): number => {
    const id = specialTokens.get(token);
    if (id !== undefined) return id;
    throw new RangeError(
      `Cannot encode pairs: the tokenizer has no token ${token}; make one with trainPairTokenizer`,
    );
  };
  const { pad, start, end } = PAIR_TOKENS;
  return { padId: idOf(pad), startId: idOf(start), endId: idOf(end) };
}

/** The ids of a text to translate: its tokens and the end. */
export function sourceIds(tokenizer: Tokenizer, text: string): Uint32Array {
  const ids = tokenizer.encode(text, { findSpecialTokens: false });
  return joinIds([ids, Uint32Array.of(pairIds(tokenizer).endId)]);
}

/**
 * Pairs as a model with an encoder sees them: the encoder the source and its end; the decoder the
 * start and the target, asked for the target and its end. A side that is cut loses its last tokens,
 * not its end.
 *
 * @throws {RangeError} naming the special token that the tokenizer lacks
 */
export function pairEncoder(options: PairEncoderOptions): Encoder<TextPair> {
  const { tokenizer, context, onLong = "error" } = options;
  const { startId, endId } = pairIds(tokenizer);
  return makeEncoder(({ source, target, place }) => {
    const encode = (text: string) =>
      encodeAt((part) => tokenizer.encode(part, { findSpecialTokens: false }), text, place);
    const sides = [encode(source), encode(target)];
    const longest = Math.max(...sides.map(({ length }) => length + 1));
    if (longest > context && onLong === "error") {
      throw tooManyTokens(place, "a side of the pair", longest, context);
    }
    const [asked, answer] = sides.map((ids) => ids.slice(0, context - 1));
    return {
      source: joinIds([asked, Uint32Array.of(endId)]),
      tokens: joinIds([Uint32Array.of(startId), answer]),
      targets: Int32Array.from([...answer, endId]),
      cut: longest > context,
    };
  });
}
