import {
  assertTokenId,
  byteDecoder,
  type DecodeOptions,
  type IncrementalDecoder,
} from "./tokenizer.ts";

/** Turns ids back into text. */
export interface Detokenizer {
  /** The text of ids. */
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /** Begins a text whose ids come one by one. */
  incrementalDecoder(): IncrementalDecoder;
  /** The bytes that a token stands for in the middle of a text. */
  bytes(id: number): Uint8Array;
  /** Number of UTF-8 bytes that a token stands for. */
  byteLength(id: number): number;
}

/**
 * Decodes tokens that stand for bytes.
 *
 * @param tokens bytes by id; nothing for ids that stand for nothing
 * @param special ids of special tokens
 */
export function byteDetokenizer(
  tokens: readonly (Uint8Array | undefined)[],
  special: ReadonlySet<number>,
): Detokenizer {
  const ends = new Uint32Array(tokens.length + 1);
  tokens.forEach((token, id) => ends[id + 1] = ends[id] + (token?.length ?? 0));
  const arena = new Uint8Array(ends[tokens.length]);
  tokens.forEach((token, id) => token && arena.set(token, ends[id]));

  function bytesOf(id: number): Uint8Array {
    assertTokenId(id, tokens.length);
    return arena.subarray(ends[id], ends[id + 1]);
  }

  return {
    decode(ids, { skipSpecialTokens = false } = {}) {
      const parts: Uint8Array[] = [];
      let length = 0;
      for (const id of ids) {
        const part = bytesOf(id);
        if (skipSpecialTokens && special.has(id)) continue;
        parts.push(part);
        length += part.length;
      }
      const bytes = new Uint8Array(length);
      let end = 0;
      for (const part of parts) {
        bytes.set(part, end);
        end += part.length;
      }
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    },
    incrementalDecoder: () => byteDecoder(bytesOf),
    bytes: (id) => bytesOf(id).slice(),
    byteLength: (id) => bytesOf(id).length,
  };
}

/** What may become a part of a character once more tokens are there. */
const UNFINISHED = /\uFFFD$/;
const BYTE_TOKEN = /^<0x[\da-fA-F]{2}>$/;

/**
 * Decodes tokens by their texts.
 *
 * @param tokens texts by id; nothing for ids that stand for nothing
 * @param special ids of special tokens
 * @param decode the text of some tokens
 */
export function textDetokenizer(
  tokens: readonly (string | undefined)[],
  special: ReadonlySet<number>,
  decode: (tokens: string[]) => string,
): Detokenizer {
  function textsOf(ids: Iterable<number>, skipSpecialTokens: boolean): string[] {
    const texts: string[] = [];
    for (const id of ids) {
      assertTokenId(id, tokens.length);
      const text = tokens[id];
      if (text !== undefined && !(skipSpecialTokens && special.has(id))) texts.push(text);
    }
    return texts;
  }
  const utf8 = new TextEncoder();

  function bytesOf(id: number): Uint8Array {
    const [text] = textsOf([id], false);
    if (text === undefined) return new Uint8Array();
    // Where the decoder knows no byte tokens they are texts like any other.
    if (BYTE_TOKEN.test(text) && decode([text]).length !== text.length) {
      return Uint8Array.of(parseInt(text.slice(3, 5), 16));
    }
    // A first token may be written otherwise than those in the middle.
    return utf8.encode(decode([text, text]).slice(decode([text]).length));
  }

  return {
    decode: (ids, { skipSpecialTokens = false } = {}) => decode(textsOf(ids, skipSpecialTokens)),
    incrementalDecoder() {
      // The tokens shown last, which tell how those behind them are written, and those not shown.
      let [shown, waiting]: string[][] = [[], []];
      const rest = () => decode([...shown, ...waiting]).slice(decode(shown).length);
      return {
        push(id) {
          const texts = textsOf([id], false);
          if (texts.length === 0) return "";
          waiting.push(...texts);
          if (BYTE_TOKEN.test(texts[0])) return "";
          const text = rest();
          if (text === "" || UNFINISHED.test(text)) return "";
          [shown, waiting] = [waiting, []];
          return text;
        },
        end() {
          const text = rest();
          [shown, waiting] = [waiting, []];
          return text;
        },
      };
    },
    bytes: bytesOf,
    byteLength: (id) => bytesOf(id).length,
  };
}
