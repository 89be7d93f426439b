import { byteAlphabet } from "../byte.ts";

/** The tokens of a byte-level BPE, numbered as Hugging Face's trainer numbers them. */
export interface Vocabulary {
  /** Ids by token, in order of id. */
  ids: Map<string, number>;
  /** The token that stands for each byte. */
  tokenOfByte: Uint32Array;
  /** The id of a token; a new one where the vocabulary lacks it. */
  add(token: string): number;
}

/** The special tokens in their order, then the bytes' stand-ins in order of code point. */
export function startVocabulary(specialTokens: readonly string[]): Vocabulary {
  const ids = new Map<string, number>();
  const add = (token: string): number => {
    const id = ids.get(token) ?? ids.size;
    ids.set(token, id);
    return id;
  };
  for (const token of specialTokens) add(token);
  const alphabet = byteAlphabet();
  for (const character of [...alphabet].sort()) add(character);
  return { ids, add, tokenOfByte: Uint32Array.from(alphabet, (character) => add(character)) };
}
