export { byteTokenizer } from "./byte.ts";
export { charTokenizer, joinSurrogates, trainCharTokenizer } from "./character.ts";
export type { Tokenizer } from "./tokenizer.ts";
export { parseTokenizer, readTokenizer } from "./tokenizer_json.ts";
export {
  type BpeProgress,
  type BpeTraining,
  trainBpe,
  type TrainBpeOptions,
} from "./training/mod.ts";
