import { byteLevelJson, tableJson } from "./bpe_json.ts";
import {
  assertTokenId,
  byteDecoder,
  decoderStream,
  type Tokenizer,
  wholeCharacters,
} from "./tokenizer.ts";

const VOCABULARY_SIZE = 256;

/** The tokenizer of 256 tokens whose ids are the values of the text's UTF-8 bytes. */
export function byteTokenizer(): Tokenizer {
  const encoder = new TextEncoder();
  const incrementalDecoder = () => byteDecoder((id) => toBytes([id]));
  return {
    vocabularySize: VOCABULARY_SIZE,
    specialTokens: new Map(),
    encode: (text) => new Uint32Array(encoder.encode(text)),
    border: wholeCharacters,
    decode: (ids) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(toBytes(ids)),
    incrementalDecoder,
    decoder: () => decoderStream(incrementalDecoder()),
    bytes: (id) => toBytes([id]),
    byteLength(id) {
      assertTokenId(id, VOCABULARY_SIZE);
      return 1;
    },
    toJson: () =>
      tableJson(Object.fromEntries(byteAlphabet().map((character, byte) => [character, byte])), {
        preTokenizer: byteLevelJson(false),
        decoder: byteLevelJson(false),
      }),
  };
}

/**
 * GPT-2's printable stand-ins for the 256 bytes: the printable characters of Latin-1 stand for
 * themselves, the other bytes are, in order, U+0100 and up.
 */
export function byteAlphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCodePoint(printable ? byte : next++);
  });
}

function toBytes(ids: Iterable<number>): Uint8Array {
  return Uint8Array.from(ids, (id) => {
    assertTokenId(id, VOCABULARY_SIZE);
    return id;
  });
}
