import { parseTokenizer, type Tokenizer, trainBpe } from "../tokenizers/mod.ts";

/** Tokens that a model with an encoder needs: one fills texts up, one begins and one ends them. */
export const PAIR_TOKENS = { pad: "<pad>", start: "<s>", end: "</s>" } as const;

/** Options of {@linkcode trainPairTokenizer}. */
export interface PairTokenizerOptions {
  /** Size of the source side's byte-level BPE, its 256 bytes included. @default 4096 */
  sourceSize?: number;
  /** Occurrences that a character of the target side must have for a token of its own. @default 2 */
  minCharacters?: number;
}

/** One vocabulary for both sides of pairs. */
export interface PairTokenizer {
  /** Reads and writes both sides. */
  tokenizer: Tokenizer;
  /** Tokens that stand on the target side: those below it. */
  outputSize: number;
}

/** What the number of target tokens is a multiple of. */
const WIDTH = 64;

/**
 * First character with a token of its own; those before are letters of a byte-level BPE's alphabet,
 * which a decoder takes for bytes.
 */
const FIRST_CHARACTER = 0x180;

/**
 * One vocabulary for both sides of pairs: pieces of a byte-level BPE learned from the sources, and side
 * by side with them the characters of the targets, each found before anything else, as a
 * `tokenizer.json` of Hugging Face says it by added tokens. What has no token is written by bytes, so
 * nothing is unknown.
 *
 * Ids are given so that the tokens of the targets come first: a model that may write no others needs
 * only the first rows of its output layer. Their number is filled up to a multiple of 64 with tokens
 * that nobody writes, since matrices of such a width are the fastest.
 *
 * @throws {RangeError} where the vocabulary has no room for the bytes
 * @example
 * ```ts
 * import { trainPairTokenizer } from "@quern/quern";
 * const pairs = [{ source: "Hi.", target: "嗨。" }, { source: "Hi, Tom.", target: "嗨，Tom。" }];
 * const { tokenizer, outputSize } = await trainPairTokenizer(pairs, { sourceSize: 260 });
 * console.log(tokenizer.encode("嗨。").length, outputSize < tokenizer.vocabularySize); // 2 true
 * ```
 */
export async function trainPairTokenizer(
  pairs: readonly { source: string; target: string }[],
  { sourceSize = 4096, minCharacters = 2 }: PairTokenizerOptions = {},
): Promise<PairTokenizer> {
  const sources = ReadableStream.from(pairs.map(({ source }) => source));
  const { json } = await trainBpe(sources, { vocabularySize: sourceSize });
  const pieces = Object.keys((json.model as { vocab: Record<string, number> }).vocab);
  const counts = new Map<string, number>();
  for (const { target } of pairs) {
    for (const character of target) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  const characters = [...counts.keys()].filter((character) =>
    character.codePointAt(0)! >= FIRST_CHARACTER && counts.get(character)! >= minCharacters
  ).sort();
  const special = Object.values(PAIR_TOKENS);
  const first = [...special, ...characters];
  const found = assemble(json, [...first, ...pieces], special);
  const written = new Set<number>();
  for (const { target } of pairs) for (const id of found.encode(target)) written.add(id);
  const isWritten = (_: string, i: number) => written.has(first.length + i);
  const shared = pieces.filter(isWritten);
  const others = pieces.filter((piece, i) => !isWritten(piece, i));
  const output = [...first, ...shared];
  const unused = Array.from(
    { length: -output.length & (WIDTH - 1) },
    (_, i) => `<unused ${i}>`,
  );
  return {
    tokenizer: assemble(json, [...output, ...unused, ...others], [...special, ...unused]),
    outputSize: output.length + unused.length,
  };
}

/** The tokenizer of a BPE with these ids; what is no piece of it is an added token. */
function assemble(
  json: Record<string, unknown>,
  tokens: readonly string[],
  special: readonly string[],
): Tokenizer {
  const model = json.model as { vocab: Record<string, number> };
  const pieces = new Set(Object.keys(model.vocab));
  const vocab = Object.fromEntries(
    tokens.flatMap((token, id) => pieces.has(token) ? [[token, id]] : []),
  );
  const added = tokens.flatMap((content, id) =>
    pieces.has(content) ? [] : [{
      ...{ id, content, special: special.includes(content) },
      ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
    }]
  );
  return parseTokenizer(
    { ...json, added_tokens: added, model: { ...model, vocab } },
    "the tokenizer of both sides",
  );
}
