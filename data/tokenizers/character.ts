import { tableJson } from "./bpe_json.ts";
import { assertTokenId, decoderStream, type Tokenizer, wholeCharacters } from "./tokenizer.ts";

/**
 * The tokenizer whose tokens are the given characters (code points), in order of code point; this
 * is nanoGPT's character tokenizer.
 *
 * @param characters any text that holds each character at least once
 * @throws {RangeError} where there is no character, or one is half a surrogate pair
 */
export function charTokenizer(characters: Iterable<string>): Tokenizer {
  const codePoints = new Set<number>();
  for (const part of characters) addCodePoints(codePoints, part);
  return fromCodePoints(codePoints);
}

/**
 * The character tokenizer of all characters of a text.
 *
 * @throws {RangeError} where the text is empty or holds half a surrogate pair
 */
export async function trainCharTokenizer(text: ReadableStream<string>): Promise<Tokenizer> {
  const codePoints = new Set<number>();
  for await (const part of text.pipeThrough(joinSurrogates())) addCodePoints(codePoints, part);
  return fromCodePoints(codePoints);
}

/** A transform of text that moves chunk borders, so that none lies within a surrogate pair. */
export function joinSurrogates(): TransformStream<string, string> {
  let held = "";
  return new TransformStream({
    transform(chunk, controller) {
      const text = held + chunk;
      const end = wholeCharacters(text);
      held = text.slice(end);
      if (end > 0) controller.enqueue(text.slice(0, end));
    },
    flush(controller) {
      if (held !== "") controller.enqueue(held);
    },
  });
}

function addCodePoints(codePoints: Set<number>, text: string): void {
  for (let i = 0; i < text.length; i++) {
    const codePoint = text.codePointAt(i)!;
    if (codePoint > 0xffff) i++;
    codePoints.add(codePoint);
  }
}

function fromCodePoints(set: Set<number>): Tokenizer {
  const codePoints = [...set].sort((a, b) => a - b);
  if (codePoints.length === 0) {
    throw new RangeError("Cannot make a character tokenizer: wanted some text, got none");
  }
  const broken = codePoints.find((codePoint) => codePoint >= 0xd800 && codePoint <= 0xdfff);
  if (broken !== undefined) {
    throw new RangeError(
      `Cannot make a character tokenizer: wanted whole characters, got ${name(broken)}, half a ` +
        "surrogate pair; remove it from the text",
    );
  }
  const characters = codePoints.map((codePoint) => String.fromCodePoint(codePoint));
  const idOf = new Int32Array(codePoints[codePoints.length - 1] + 1).fill(-1);
  codePoints.forEach((codePoint, id) => idOf[codePoint] = id);

  function decode(id: number): string {
    assertTokenId(id, characters.length);
    return characters[id];
  }

  const incrementalDecoder = () => ({ push: decode, end: () => "" });

  return {
    vocabularySize: characters.length,
    specialTokens: new Map(),
    border: wholeCharacters,
    encode(text, { index = 0 } = {}) {
      const ids = new Uint32Array(text.length);
      let count = 0;
      for (let i = 0; i < text.length; i++) {
        const codePoint = text.codePointAt(i)!;
        const id = codePoint < idOf.length ? idOf[codePoint] : -1;
        if (id < 0) throw unknownCharacter(codePoint, index + i, characters.length);
        if (codePoint > 0xffff) i++;
        ids[count++] = id;
      }
      return ids.subarray(0, count);
    },
    decode: (ids) => Array.from(ids, decode).join(""),
    incrementalDecoder,
    decoder: () => decoderStream(incrementalDecoder()),
    bytes: (id) => new TextEncoder().encode(decode(id)),
    byteLength(id) {
      assertTokenId(id, characters.length);
      const codePoint = codePoints[id];
      return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    },
    toJson: () =>
      tableJson(Object.fromEntries(characters.map((character, id) => [character, id])), {
        preTokenizer: null,
        decoder: { type: "Fuse" },
      }),
  };
}

function unknownCharacter(codePoint: number, index: number, known: number): RangeError {
  return new RangeError(
    `Cannot encode the character ${name(codePoint)} (${
      JSON.stringify(String.fromCodePoint(codePoint))
    }) at index ${index} of the text: the tokenizer knows ${known} characters and this is none of ` +
      "them; remove it, train a tokenizer on this text, or use the byte tokenizer",
  );
}

function name(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
}
