import type { JsonPart } from "./json_part.ts";
import { isId, MAX_ID } from "./models/model.ts";
import { RUST_WORD } from "./patterns.ts";

/** A token that is found in a text before anything else is done with it. */
export interface AddedToken {
  id: number;
  content: string;
  /** Whether it stands only where no word goes on before or behind it. */
  singleWord: boolean;
  /** Whether it takes the white space before it. */
  lstrip: boolean;
  /** Whether it takes the white space behind it. */
  rstrip: boolean;
  /** Whether it is looked for in the normalized text and not in the text as it came. */
  normalized: boolean;
  /** Whether it stands for more than its text. */
  special: boolean;
}

/** A stretch of text, or an added token. */
export interface Segment {
  /** Where it begins, in UTF-16 code units. */
  start: number;
  /** Where it ends. */
  end: number;
  /** Id of the added token; none for text. */
  id?: number;
}

/**
 * Reads `added_tokens`.
 *
 * @param ids what the model calls them, which counts
 */
export function readAddedTokens(
  file: JsonPart,
  ids: ReadonlyMap<string, number>,
): AddedToken[] {
  const owners = new Map([...ids].map(([token, id]) => [id, token]));
  return file.parts("added_tokens").map((part: JsonPart) => {
    const [id, content] = [part.raw("id"), part.string("content")];
    if (!isId(id)) part.refuse("id", `a whole number of 0 to ${MAX_ID}`, id);
    if (content === "") part.refuse("content", "a text", content);
    if ((ids.get(content) ?? id) !== id) {
      part.refuse("id", `${ids.get(content)}, as in the model's vocabulary`, id);
    }
    if ((owners.get(id) ?? content) !== content) {
      part.refuse("id", "free, or the token's own", id);
    }
    owners.set(id, content);
    const special = part.boolean("special", false);
    const token = {
      ...{ id, content, special },
      singleWord: part.boolean("single_word", false),
      lstrip: part.boolean("lstrip", false),
      rstrip: part.boolean("rstrip", false),
      normalized: part.boolean("normalized", !special),
    };
    part.end();
    return token;
  });
}

const WORD_BEFORE = new RegExp(`[${RUST_WORD}]$`, "u");
const WORD_BEHIND = new RegExp(`^[${RUST_WORD}]`, "u");
const SPACE = /\p{White_Space}/u;

/**
 * Finds added tokens: of those that begin first the longest, as an Aho-Corasick automaton with
 * leftmost-longest matches does.
 */
export class TokenFinder {
  /** Length of the longest token, in UTF-16 code units. */
  readonly longest: number;
  /** Whether a token is found by its own text alone, whatever stands around it. */
  readonly plain: boolean;
  readonly #tokens: ReadonlyMap<string, AddedToken>;
  readonly #pattern?: RegExp;

  /** @param textOf what to look for in place of a token's content */
  constructor(tokens: readonly AddedToken[], textOf: (content: string) => string) {
    this.#tokens = new Map(tokens.map((token) => [textOf(token.content), token]));
    const texts = [...this.#tokens.keys()].filter((text) => text !== "");
    texts.sort((a, b) => b.length - a.length);
    this.longest = texts[0]?.length ?? 0;
    this.plain = !tokens.some(({ singleWord, lstrip, rstrip }) => singleWord || lstrip || rstrip);
    if (texts.length > 0) {
      this.#pattern = new RegExp(texts.map((text) => RegExp.escape(text)).join("|"), "g");
    }
  }

  /** Cuts a text into added tokens and what is between them. */
  split(text: string): Segment[] {
    const pattern = this.#pattern;
    if (text === "") return [];
    if (pattern === undefined) return [{ start: 0, end: text.length }];
    const segments: Segment[] = [];
    let done = 0;
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const { id, singleWord, lstrip, rstrip } = this.#tokens.get(match[0])!;
      let [start, end] = [match.index, pattern.lastIndex];
      if (singleWord && !isAlone(text, start, end)) continue;
      if (lstrip) { while (start > done && SPACE.test(text[start - 1])) start--; }
      if (rstrip) { while (end < text.length && SPACE.test(text[end])) end++; }
      // The white space behind the last token may hold a token too, which then is a part of it.
      if (end <= done) continue;
      if (start > done) segments.push({ start: done, end: start });
      segments.push({ start, end, id });
      done = end;
    }
    if (done < text.length) segments.push({ start: done, end: text.length });
    return segments;
  }
}

function isAlone(text: string, start: number, end: number): boolean {
  return !WORD_BEFORE.test(text.slice(Math.max(0, start - 2), start)) &&
    !WORD_BEHIND.test(text.slice(end, end + 2));
}
