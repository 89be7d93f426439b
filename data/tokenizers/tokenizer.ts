/** Options of `Tokenizer.encode`. */
export interface EncodeOptions {
  /**
   * Where the text begins in its stream, in UTF-16 code units. Errors tell it, and beyond 0 a text
   * is the rest of one, so that nothing is put before it. @default 0
   */
  index?: number;
  /**
   * Whether to add the tokens that stand around a text, such as `[CLS]` and `[SEP]`. @default false
   */
  addSpecialTokens?: boolean;
  /**
   * Whether special tokens that are written out in the text are found; text of people who may not
   * write them needs `false`, and they are plain text then. @default true
   */
  findSpecialTokens?: boolean;
}

/** Options of `Tokenizer.decode`. */
export interface DecodeOptions {
  /** Whether special tokens are left out. @default false */
  skipSpecialTokens?: boolean;
}

/** Turns token ids to text one by one. */
export interface IncrementalDecoder {
  /** Takes in the next id; returns the text that is whole now, which never ends within a character. */
  push(id: number): string;
  /** The text of what is left; bytes that are no UTF-8 become U+FFFD. */
  end(): string;
}

/** Turns text into token ids and back; ids are 0 to `vocabularySize` - 1. */
export interface Tokenizer {
  /** Number of different tokens, V; where ids are left free, the highest id + 1. */
  readonly vocabularySize: number;
  /** Ids of the special tokens by their text, such as `<|endoftext|>`. */
  readonly specialTokens: ReadonlyMap<string, number>;
  /**
   * The ids of a text.
   *
   * @throws {RangeError} where the vocabulary lacks a character
   */
  encode(text: string, options?: EncodeOptions): Uint32Array;
  /**
   * The last place in `text` where it can be cut, so that the ids of both parts, the second one
   * encoded with its `index`, are those of the whole, whatever follows; 0 where there is none yet.
   */
  border(text: string): number;
  /**
   * The text of ids; bytes that are no UTF-8 become U+FFFD.
   *
   * @throws {RangeError} where an id is outside the vocabulary
   */
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /** Begins a text whose ids come one by one. */
  incrementalDecoder(): IncrementalDecoder;
  /** A transform from ids to text that never shows a part of a character. */
  decoder(): TransformStream<number, string>;
  /**
   * The bytes that a token stands for in the middle of a text: a part of a character where the token
   * is one, nothing where the id stands for nothing.
   *
   * @throws {RangeError} where the id is outside the vocabulary
   */
  bytes(id: number): Uint8Array;
  /**
   * Number of UTF-8 bytes that a token stands for.
   *
   * @throws {RangeError} where the id is outside the vocabulary
   */
  byteLength(id: number): number;
  /** The content of a Hugging Face `tokenizer.json`. */
  toJson(): Record<string, unknown>;
}

/** The transform that `Tokenizer.decoder` gives. */
export function decoderStream(decoder: IncrementalDecoder): TransformStream<number, string> {
  return new TransformStream({
    transform(id, controller) {
      const text = decoder.push(id);
      if (text !== "") controller.enqueue(text);
    },
    flush(controller) {
      const text = decoder.end();
      if (text !== "") controller.enqueue(text);
    },
  });
}

/** The incremental decoder of tokens that stand for bytes. */
export function byteDecoder(bytesOf: (id: number) => Uint8Array): IncrementalDecoder {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    push: (id) => decoder.decode(bytesOf(id), { stream: true }),
    end: () => decoder.decode(),
  };
}

/** Throws a RangeError unless `id` is a token of a vocabulary of this size. */
export function assertTokenId(id: number, vocabularySize: number): void {
  if (Number.isInteger(id) && id >= 0 && id < vocabularySize) return;
  throw new RangeError(
    `Cannot decode the token ${id}: ids must be whole numbers of 0 to ${vocabularySize - 1}; ` +
      "use the tokenizer that the ids were made with",
  );
}

/** The end of a text but for half a surrogate pair. */
export function wholeCharacters(text: string): number {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.length - 1 : text.length;
}
