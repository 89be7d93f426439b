import { type AddedToken, readAddedTokens } from "./added_tokens.ts";
import { byteAlphabetReader, byteLevelEncoder, type StretchEncoder } from "./byte_level.ts";
import { readDecoder } from "./decoders.ts";
import { byteDetokenizer, type Detokenizer, textDetokenizer } from "./detokenizer.ts";
import type { JsonPart } from "./json_part.ts";
import { toRegExp } from "./json_pattern.ts";
import { bpeModel, type BpeOptions, readBpe } from "./models/bpe.ts";
import type { Model } from "./models/model.ts";
import { readUnigram } from "./models/unigram.ts";
import { readWordLevel } from "./models/word_level.ts";
import { readWordPiece } from "./models/word_piece.ts";
import { readNormalizer } from "./normalizers.ts";
import { PATTERNS } from "./patterns.ts";
import { pipelineTokenizer } from "./pipeline.ts";
import { readPostProcessor } from "./post_processors.ts";
import { type PreTokenizer, readPreTokenizer } from "./pre_tokenizers.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * Puts together what a `tokenizer.json` describes.
 *
 * @throws {DataError} naming the part that is missing or unknown
 */
export function parsePipeline(file: JsonPart): Tokenizer {
  for (const name of ["version", "truncation", "padding"]) file.raw(name);
  const model = readModel(file.part("model"));
  const addedTokens = readAddedTokens(file, model.ids);
  const normalizer = file.optionalPart("normalizer");
  const preTokenizer = file.optionalPart("pre_tokenizer");
  const postProcessor = file.optionalPart("post_processor");
  const decoder = file.optionalPart("decoder");
  file.end();

  const tokens = tokensById(model.ids, addedTokens);
  return pipelineTokenizer({
    vocabularySize: tokens.length,
    addedTokens,
    normalizer: normalizer && readNormalizer(normalizer),
    encoder: readEncoder(model, preTokenizer),
    postProcessor: postProcessor && readPostProcessor(postProcessor),
    detokenizer: readDetokenizer(tokens, addedTokens, decoder),
    toJson: () => file.fields as Record<string, unknown>,
  });
}

/** What has been read of a model: what a BPE consists of, or a model of another type. */
type ReadModel = { type: "BPE"; ids: BpeOptions["ids"]; bpe: BpeOptions } | {
  type: "other";
  ids: Model["ids"];
  model: Model;
};

function readModel(part: JsonPart): ReadModel {
  const type = part.choice("type", ["BPE", "WordPiece", "Unigram", "WordLevel"], typeOf(part));
  if (type === "BPE") {
    const bpe = readBpe(part);
    return { type, ids: bpe.ids, bpe };
  }
  const read = { WordPiece: readWordPiece, Unigram: readUnigram, WordLevel: readWordLevel };
  const model = read[type](part);
  return { type: "other", ids: model.ids, model };
}

/** The type of a model that doesn't say it, as in older files. */
function typeOf(part: JsonPart): "BPE" | "WordPiece" | "Unigram" | "WordLevel" {
  if (Array.isArray(part.fields.vocab)) return "Unigram";
  if ("merges" in part.fields) return "BPE";
  return "max_input_chars_per_word" in part.fields ? "WordPiece" : "WordLevel";
}

function tokensById(
  ids: ReadonlyMap<string, number>,
  addedTokens: readonly AddedToken[],
): (string | undefined)[] {
  const all = [...ids, ...addedTokens.map(({ content, id }): [string, number] => [content, id])];
  const size = all.reduce((highest, [, id]) => Math.max(highest, id), -1) + 1;
  const tokens = new Array<string | undefined>(size).fill(undefined);
  for (const [token, id] of all) tokens[id] = token;
  return tokens;
}

function readEncoder(read: ReadModel, part: JsonPart | undefined): StretchEncoder {
  const cut = part && readPreTokenizer(part);
  if (read.type === "other") return pieceEncoder(read.model, cut);
  const cutting = part && byteLevelCutting(part);
  const { prefix, suffix, merges, ids, ignoreMerges } = read.bpe;
  if (cutting && prefix === "" && suffix === "") {
    const bytesOf = byteAlphabetReader();
    const tokens: (Uint8Array | undefined)[] = [];
    for (const [token, id] of ids) tokens[id] = bytesOf(token);
    const fast = byteLevelEncoder({ tokens, merges, ignoreMerges, ...cutting });
    if (fast) return fast;
  }
  return pieceEncoder(bpeModel(read.bpe), cut);
}

function pieceEncoder(model: Model, cut: PreTokenizer | undefined): StretchEncoder {
  return {
    encode(text, place, out) {
      const piece = { text, isFirst: place === "first" };
      for (const { text } of cut ? cut(piece) : [piece]) if (text !== "") model.encode(text, out);
    },
  };
}

/** How a byte-level pre-tokenizer cuts text; undefined for other pre-tokenizers. */
function byteLevelCutting(part: JsonPart): { pattern?: string; prefixSpace: boolean } | undefined {
  if (part.fields.type === "ByteLevel") {
    const prefixSpace = part.boolean("add_prefix_space", true);
    return { prefixSpace, pattern: part.boolean("use_regex", true) ? PATTERNS.gpt2 : undefined };
  }
  if (part.fields.type !== "Sequence") return undefined;
  const [split, level, ...more] = part.parts("pretokenizers");
  const isKnown = split?.fields.type === "Split" && level?.fields.type === "ByteLevel" &&
    more.length === 0 && !level.boolean("use_regex", true) &&
    !level.boolean("add_prefix_space", true) && split.fields.behavior === "Isolated";
  const regex = isKnown ? split.part("pattern").optionalString("Regex") : undefined;
  if (regex === undefined) return undefined;
  toRegExp(split, regex);
  return { pattern: regex, prefixSpace: false };
}

function readDetokenizer(
  tokens: readonly (string | undefined)[],
  addedTokens: readonly AddedToken[],
  part: JsonPart | undefined,
): Detokenizer {
  const special = new Set(addedTokens.filter((token) => token.special).map(({ id }) => id));
  const steps = part && readDecoder(part);
  if (part?.fields.type !== "ByteLevel") {
    return textDetokenizer(
      tokens,
      special,
      (texts) => steps ? steps(texts).join("") : texts.join(" "),
    );
  }
  const bytesOf = byteAlphabetReader();
  const utf8 = new TextEncoder();
  const bytes = tokens.map((token) =>
    token === undefined ? undefined : bytesOf(token) ?? utf8.encode(token)
  );
  for (const { id, content } of addedTokens) bytes[id] = utf8.encode(content);
  return byteDetokenizer(bytes, special);
}
