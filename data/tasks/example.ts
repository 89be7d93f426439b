import { badExample, type Place } from "./reader.ts";

/** What a model sees of an example, and what it is asked for. */
export interface Example {
  /** [n] token ids. */
  tokens: Uint32Array;
  /**
   * [n] what the model is asked for at each position: the token that follows, or a class; -1 for
   * nothing.
   */
  targets: Int32Array;
  /** [m] token ids that an encoder reads, where the model has one. @default none */
  source?: Uint32Array;
  /** Weight of the loss of its targets. @default 1 */
  weight?: number;
  /** Ids of its classes, where a text may have several; then there are no targets. */
  labels?: number[];
  /** Where it was read. */
  place: Place;
}

/** Options of all encoders. */
export interface EncoderOptions {
  /** Most tokens of an example, T. */
  context: number;
  /** What to do with a longer one: `cut` it and count it, or an error. @default "error" */
  onLong?: "cut" | "error";
}

/** What an encoder made so far. */
export interface EncoderReport {
  /** Examples encoded. */
  examples: number;
  /** Their tokens. */
  tokens: number;
  /** Examples that were cut to the context. */
  cut: number;
}

/** Turns what was read of a task into what the model sees. */
export interface Encoder<T> {
  /** Counts so far. */
  readonly report: EncoderReport;
  /**
   * Encodes an example.
   *
   * @throws {DataError} with the line, where it is too long, has no tokens, or holds a character or
   * label that the model does not know
   */
  encode(example: T): Example;
}

/** An encoder that counts, made of a function that encodes and says whether it cut. */
export function makeEncoder<T extends { place: Place }>(
  encode: (example: T) => Omit<Example, "place"> & { cut?: boolean },
): Encoder<T> {
  const report = { examples: 0, tokens: 0, cut: 0 };
  return {
    report,
    encode(example) {
      const { cut = false, ...made } = encode(example);
      report.examples++;
      report.tokens += made.tokens.length + (made.source?.length ?? 0);
      if (cut) report.cut++;
      return { ...made, place: example.place };
    },
  };
}

/**
 * Encodes example after example.
 *
 * @throws what the encoder throws, in the stream
 */
export function encodeExamples<T>(encoder: Encoder<T>): TransformStream<T, Example> {
  return new TransformStream({
    transform: (example, controller) => controller.enqueue(encoder.encode(example)),
  });
}

/**
 * What a model of language sees of T + 1 ids: the first T, and at each the one that follows where
 * that one counts.
 */
export function nextTokenRow(
  ids: Uint32Array,
  counts: (index: number) => boolean,
): { tokens: Uint32Array; targets: Int32Array } {
  const n = ids.length - 1;
  const targets = new Int32Array(n);
  for (let i = 0; i < n; i++) targets[i] = counts(i + 1) ? ids[i + 1] : -1;
  return { tokens: ids.slice(0, n), targets };
}

/** The error of an example that is longer than the context and may not be cut. */
export function tooManyTokens(place: Place, what: string, tokens: number, context: number): Error {
  return badExample(
    place,
    `${what} has ${tokens} tokens, more than the context of ${context}; shorten it, raise the ` +
      "context, or have it cut (onLong)",
  );
}

/** The ids of a text; what the vocabulary lacks becomes an error with the line. */
export function encodeAt(
  encode: (text: string) => Uint32Array,
  text: string,
  place: Place,
): Uint32Array {
  try {
    return encode(text);
  } catch (error) {
    if (error instanceof RangeError) throw badExample(place, error.message);
    throw error;
  }
}

/** Ids one after another. */
export function joinIds(parts: readonly Uint32Array[]): Uint32Array {
  const ids = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    ids.set(part, at);
    at += part.length;
  }
  return ids;
}
