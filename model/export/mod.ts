/** Models for other programs: GGUF for llama.cpp, and a card for people. */
export { type GgufOptions, writeGguf } from "./gguf.ts";
export type { GgufTensorType } from "./gguf_format.ts";
export type { TokenizerPatterns } from "./gguf_tokenizer.ts";
export { type CardFacts, type CardSource, modelCard } from "./model_card.ts";
