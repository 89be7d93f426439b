import { joinSurrogates, type Tokenizer } from "./tokenizers/mod.ts";

/** Token ids in the smallest type that holds the vocabulary. */
export type Tokens = Uint16Array | Uint32Array;

const BLOCK_TOKENS = 1 << 20;

/**
 * A transform from text to token ids; the ids are the same however the text is cut into chunks.
 *
 * @throws {RangeError} in the stream, where the vocabulary lacks a character
 */
export function encodeStream(tokenizer: Tokenizer): TransformStream<string, Uint32Array> {
  let index = 0;
  const join = joinSurrogates();
  const encode = new TransformStream<string, Uint32Array>({
    transform(text, controller) {
      controller.enqueue(tokenizer.encode(text, index));
      index += text.length;
    },
  });
  return { writable: join.writable, readable: join.readable.pipeThrough(encode) };
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
