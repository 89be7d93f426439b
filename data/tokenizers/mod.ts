export { byteTokenizer } from "./byte.ts";
export { charTokenizer, joinSurrogates, trainCharTokenizer } from "./character.ts";
export { type PatternName, PATTERNS } from "./patterns.ts";
export { readTiktoken, type TiktokenOptions, toTiktoken } from "./tiktoken.ts";
export {
  type DecodeOptions,
  type EncodeOptions,
  type IncrementalDecoder,
  type Tokenizer,
  wholeCharacters,
} from "./tokenizer.ts";
export { parseTokenizer, readTokenizer } from "./tokenizer_json.ts";
export {
  type BpeProgress,
  type BpeTraining,
  cutTexts,
  trainBpe,
  type TrainBpeOptions,
} from "./training/mod.ts";
