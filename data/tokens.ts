import { type Tokenizer, wholeCharacters } from "./tokenizers/mod.ts";

/** Token ids in the smallest type that holds the vocabulary. */
export type Tokens = Uint16Array | Uint32Array;

const BLOCK_TOKENS = 1 << 20;

/** Text that can be encoded on its own, and where it begins in its stream. */
export interface TextPart {
  text: string;
  /** In UTF-16 code units. */
  index: number;
}

/** Options of `TextCutter`. */
export interface TextCutterOptions {
  /** Where the text begins in its stream, in UTF-16 code units. @default 0 */
  index?: number;
  /**
   * Most UTF-16 code units to hold: where the tokenizer knows no border in so many they are cut
   * behind a line, though that may change the ids there. @default any number
   */
  most?: number;
}

/** Cuts text that comes in chunks where that does not change its ids. */
export class TextCutter {
  #tokenizer: Tokenizer;
  #held = "";
  #index: number;
  #most: number;
  /** The length of held text from which on it is worth looking for a border. */
  #enough = 0;

  constructor(tokenizer: Tokenizer, { index = 0, most = Infinity }: TextCutterOptions = {}) {
    this.#tokenizer = tokenizer;
    this.#index = index;
    this.#most = most;
  }

  /** Takes text in; gives out what can be encoded by now. */
  add(text: string): TextPart | undefined {
    this.#held += text;
    const { length } = this.#held;
    if (text === "" || length < Math.min(this.#enough, this.#most)) return undefined;
    const end = this.#tokenizer.border(this.#held);
    // Looking again only at twice the length keeps the time in proportion to the text.
    this.#enough = end === 0 ? 2 * length : 0;
    return this.#take(end === 0 && length >= this.#most ? this.#lineEnd() : end);
  }

  /** Gives out the rest. */
  end(): TextPart | undefined {
    return this.#take(this.#held.length);
  }

  /** Behind the last line of the most that may be held. */
  #lineEnd(): number {
    const whole = wholeCharacters(this.#held.slice(0, this.#most));
    return this.#held.lastIndexOf("\n", this.#most - 1) + 1 || whole;
  }

  #take(end: number): TextPart | undefined {
    if (end === 0) return undefined;
    const part = { text: this.#held.slice(0, end), index: this.#index };
    this.#held = this.#held.slice(end);
    this.#index += end;
    return part;
  }
}

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
  const cutter = new TextCutter(tokenizer);
  const encode = (
    part: TextPart | undefined,
    controller: TransformStreamDefaultController<Uint32Array>,
  ) => {
    if (part) controller.enqueue(tokenizer.encode(part.text, { index: part.index }));
  };
  return new TransformStream({
    transform: (text, controller) => encode(cutter.add(text), controller),
    flush: (controller) => encode(cutter.end(), controller),
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
