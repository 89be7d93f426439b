import type { JsonPart } from "../json_part.ts";
import { byteTokens, MAX_ID, type Model, unknownText } from "./model.ts";
import { Trie } from "./trie.ts";

/** How much less likely than the least likely token an unknown character is, in nats. */
const UNKNOWN_PENALTY = 10;
const NONE = -1;

/**
 * Reads a model of type Unigram (Kudo, 2018, arXiv:1804.10959): of all ways to make up a piece of
 * tokens the likeliest, found by Viterbi's algorithm. Unknown characters side by side are one.
 */
export function readUnigram(part: JsonPart): Model {
  const { tokens, scores } = readVocabulary(part);
  const unknown = part.has("unk_id") ? part.count("unk_id") : NONE;
  if (unknown >= tokens.length) {
    part.refuse("unk_id", `an id of 0 to ${tokens.length - 1}`, unknown);
  }
  const fallsBack = part.boolean("byte_fallback", false);
  part.end();
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const bytes = fallsBack ? byteTokens(ids) : [];
  const trie = new Trie();
  for (const [token, id] of ids) if (token !== "") trie.add(token, id);
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Infinity) -
    UNKNOWN_PENALTY;

  /** The tokens of a text: ends and ids from the last to the first. */
  function likeliest(text: string): { starts: Int32Array; tokens: Int32Array } {
    const best = new Float64Array(text.length + 1);
    const starts = new Int32Array(text.length + 1).fill(NONE);
    const found = new Int32Array(text.length + 1);
    const offer = (start: number, end: number, id: number, score: number) => {
      if (starts[end] !== NONE && best[start] + score <= best[end]) return;
      best[end] = best[start] + score;
      starts[end] = start;
      found[end] = id;
    };
    for (let start = 0; start < text.length;) {
      const next = start + (text.codePointAt(start)! > 0xffff ? 2 : 1);
      let isKnown = false;
      trie.each(text, start, (end, id) => {
        offer(start, end, id, scores[id]);
        isKnown ||= end === next;
      });
      if (!isKnown) {
        if (unknown === NONE) throw unknownText(text.slice(start, next));
        offer(start, next, unknown, unknownScore);
      }
      start = next;
    }
    return { starts, tokens: found };
  }

  const utf8 = new TextEncoder();
  /** The tokens of text that the vocabulary lacks. */
  function tokensOfUnknown(text: string): number[] {
    const id = ids.get(text);
    if (id !== undefined) return [id];
    const fallback = fallsBack ? Array.from(utf8.encode(text), (byte) => bytes[byte]) : [undefined];
    return fallback.every((token) => token !== undefined) ? fallback : [unknown];
  }

  return {
    ids,
    encode(piece, out) {
      const { starts, tokens } = likeliest(piece);
      const backwards: number[] = [];
      for (let end = piece.length; end > 0;) {
        let start = starts[end];
        if (tokens[end] !== unknown) backwards.push(tokens[end]);
        else {
          while (start > 0 && tokens[start] === unknown) start = starts[start];
          backwards.push(...tokensOfUnknown(piece.slice(start, end)).reverse());
        }
        end = start;
      }
      for (let i = backwards.length - 1; i >= 0; i--) out.push(backwards[i]);
    },
  };
}

/** Tokens and the logarithms of their probabilities. */
function readVocabulary(part: JsonPart): { tokens: string[]; scores: number[] } {
  const list = part.list("vocab");
  if (list.length === 0 || list.length > MAX_ID) part.refuse("vocab", "a list of tokens", list);
  const tokens: string[] = [];
  const scores: number[] = [];
  list.forEach((entry, id) => {
    const isEntry = Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string" &&
      Number.isFinite(entry[1]);
    if (!isEntry) part.refuse(`vocab[${id}]`, "a token and its score", entry);
    tokens.push(entry[0]);
    scores.push(entry[1]);
  });
  return { tokens, scores };
}
