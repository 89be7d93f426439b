import type { Tokenizer } from "./tokenizers/mod.ts";

/** Token ids in the smallest type that holds the vocabulary. */
export type Tokens = Uint16Array | Uint32Array;

const BLOCK_TOKENS = 1 << 20;

/**
 * A transform from text to token ids; the ids are the same however the text is cut into chunks.
 *
 * It holds text back until the tokenizer knows a place to cut it: a few thousand characters with a
 * byte-level BPE whose pattern is a known one, the whole text with tokenizers that say nothing of
 * such places.
 *
 * @throws {RangeError} in the stream, where the vocabulary lacks a character
 */
export function encodeStream(tokenizer: Tokenizer): TransformStream<string, Uint32Array> {
  let held = "";
  let index = 0;
  /** The length of held text from which on it is worth looking for a border. */
  let enough = 0;
  return new TransformStream({
    transform(text, controller) {
      held += text;
      if (text === "" || held.length < enough) return;
      const end = tokenizer.border(held);
      // Looking again only at twice the length keeps the time in proportion to the text.
      enough = end === 0 ? 2 * held.length : 0;
      if (end === 0) return;
      controller.enqueue(tokenizer.encode(held.slice(0, end), { index }));
      index += end;
      held = held.slice(end);
    },
    flush(controller) {
      if (held !== "") controller.enqueue(tokenizer.encode(held, { index }));
    },
  });
}

/** Options of `collectTokens`. */
export interface CollectTokensOptions {
  /** Number of different tokens, V: 16 bits an id are enough up to 65,536, 32 bits above. */
  vocabularySize: number;
}

/**
 * All ids of a stream in one array. The highest use of memory is that array and 4 MiB.
 *
 * @throws {RangeError} where an id is outside the vocabulary
 */
export async function collectTokens(
  stream: ReadableStream<Uint32Array>,
  { vocabularySize }: CollectTokensOptions,
): Promise<Tokens> {
  const Type = vocabularySize <= 1 << 16 ? Uint16Array : Uint32Array;
  const blocks: Tokens[] = [];
  let length = 0;
  for await (const ids of stream) {
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] >= vocabularySize) {
        throw new RangeError(
          `Cannot collect tokens: ids must be below the vocabulary size ${vocabularySize}, got ` +
            `${ids[i]} as token ${length}; use the tokenizer that belongs to the vocabulary`,
        );
      }
      if (length % BLOCK_TOKENS === 0) blocks.push(new Type(BLOCK_TOKENS));
      blocks[blocks.length - 1][length % BLOCK_TOKENS] = ids[i];
      length++;
    }
  }
  const tokens = new Type(length);
  blocks.forEach((block, i) => {
    const start = i * BLOCK_TOKENS;
    tokens.set(block.subarray(0, Math.min(BLOCK_TOKENS, length - start)), start);
    // Frees the block now and not at some collection, so blocks and array never both stand whole.
    (block.buffer as ArrayBuffer).transfer(0);
  });
  return tokens;
}

/** The two parts of `splitTokens`: views of the tokens, not copies. */
export interface TokenSplit {
  /** The head of the text. */
  train: Tokens;
  /** The tail of the text; empty where the fraction is 0. */
  validation: Tokens;
}

/**
 * Cuts off the tail for validation: `train` is the first ⌊n · (1 - fraction)⌋ tokens, as nanoGPT
 * splits.
 *
 * @param validationFraction share of the tokens that validate, in [0, 1)
 * @throws {RangeError} where the fraction is outside [0, 1)
 */
export function splitTokens(tokens: Tokens, validationFraction: number): TokenSplit {
  if (!(validationFraction >= 0 && validationFraction < 1)) {
    throw new RangeError(
      `Cannot split tokens: validationFraction must be in [0, 1), got ${validationFraction}`,
    );
  }
  const exact = tokens.length * (1 - validationFraction);
  // 10 · (1 - 0.9) is 0.9999999999999998 in floating point, and means 1.
  const whole = Math.round(exact);
  const border = Math.abs(exact - whole) < 1e-6 ? whole : Math.floor(exact);
  return { train: tokens.subarray(0, border), validation: tokens.subarray(border) };
}
