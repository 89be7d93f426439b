import { endOfTextOf, type Tokenizer } from "../../data/mod.ts";
import { ALL, type CodePoints, codePoints } from "./code_points.ts";

/** Options of a {@linkcode Vocabulary}. */
export interface VocabularyOptions {
  /** Tokens that end an answer. @default the tokenizer's end-of-text, if it has one */
  endTokens?: readonly number[];
  /** Number of logits of a row, V, where there are more of them than tokens. @default the tokenizer's */
  vocabularySize?: number;
}

/**
 * The tokens of a tokenizer as a trie over their bytes, its nodes in preorder: those behind a node
 * are the numbers up to its end. Special tokens are no text and not in it.
 */
export interface Trie {
  /** The last byte of a node: [nodes]. */
  readonly bytes: Uint8Array;
  /** Number of bytes on the way to a node, at least 1: [nodes]. */
  readonly depths: Uint16Array;
  /** The first node behind those below a node: [nodes]. */
  readonly ends: Int32Array;
  /** Node i is the end of tokens `starts[i]` to `starts[i + 1]` - 1 of `tokens`: [nodes + 1]. */
  readonly starts: Int32Array;
  /** Ids in the order of their bytes. */
  readonly tokens: Int32Array;
}

/** What a tokenizer's tokens are made of. */
export class Vocabulary {
  /** Words of a mask, ⌈V / 32⌉. */
  readonly words: number;
  /** Tokens that end an answer. */
  readonly endTokens: readonly number[];
  /**
   * The characters that can be written whatever stands around them: all where each byte is a token,
   * else those that are a token by themselves.
   */
  readonly alphabet: CodePoints;
  /** The tokens that are text. */
  readonly trie: Trie;
  /** Bytes of the longest token. */
  readonly longest: number;
  readonly #bytes: readonly (Uint8Array | undefined)[];

  constructor(tokenizer: Tokenizer, { endTokens, vocabularySize }: VocabularyOptions = {}) {
    const special = new Set(tokenizer.specialTokens.values());
    const endOfText = endOfTextOf(tokenizer);
    this.endTokens = endTokens ?? (endOfText === undefined ? [] : [endOfText]);
    this.words = Math.ceil((vocabularySize ?? tokenizer.vocabularySize) / 32);
    this.#bytes = Array.from({ length: tokenizer.vocabularySize }, (_, id) => {
      const isText = !special.has(id) && !this.endTokens.includes(id);
      return isText ? tokenizer.bytes(id) : undefined;
    });
    this.alphabet = alphabetOf(this.#bytes);
    this.trie = buildTrie(this.#bytes);
    this.longest = this.trie.depths.reduce((most, depth) => Math.max(most, depth), 0);
  }

  /** The bytes of a token; undefined where it is no text. */
  bytes(token: number): Uint8Array | undefined {
    return this.#bytes[token];
  }
}

function alphabetOf(tokens: readonly (Uint8Array | undefined)[]): CodePoints {
  const bytes = new Set(tokens.filter((token) => token?.length === 1).map((token) => token![0]));
  if (bytes.size === 256) return ALL;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const characters: [number, number][] = [];
  for (const token of tokens) {
    if (token === undefined || token.length === 0 || token.length > 4) continue;
    try {
      const [character, rest] = decoder.decode(token);
      const code = character.codePointAt(0)!;
      if (rest === undefined) characters.push([code, code]);
    } catch {
      continue; // a part of a character
    }
  }
  return codePoints(characters);
}

function buildTrie(tokens: readonly (Uint8Array | undefined)[]): Trie {
  const texts: { id: number; text: string }[] = []; // bytes as Latin-1, which sorts as bytes do
  tokens.forEach((bytes, id) => {
    if (bytes !== undefined && bytes.length > 0) texts.push({ id, text: latin1(bytes) });
  });
  texts.sort((a, b) => a.text < b.text ? -1 : a.text > b.text ? 1 : a.id - b.id);
  const [bytes, depths, ends, starts]: number[][] = [[], [], [], []];
  const open: number[] = []; // the nodes on the way to the token before
  let before = "";
  texts.forEach(({ text }, place) => {
    let shared = 0;
    while (shared < before.length && before[shared] === text[shared]) shared++;
    for (const node of open.splice(shared)) ends[node] = bytes.length;
    for (let i = shared; i < text.length; i++) {
      open.push(bytes.length);
      bytes.push(text.charCodeAt(i));
      depths.push(i + 1);
      starts.push(place);
      ends.push(0);
    }
    before = text;
  });
  for (const node of open) ends[node] = bytes.length;
  starts.push(texts.length);
  return {
    bytes: Uint8Array.from(bytes),
    depths: Uint16Array.from(depths),
    ends: Int32Array.from(ends),
    starts: Int32Array.from(starts),
    tokens: Int32Array.from(texts, ({ id }) => id),
  };
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
