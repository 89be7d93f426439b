export { byteTokenizer } from "./byte.ts";
export { charTokenizer, joinSurrogates, trainCharTokenizer } from "./character.ts";
export type { Tokenizer } from "./tokenizer.ts";
export { parseTokenizer, readTokenizer } from "./tokenizer_json.ts";
