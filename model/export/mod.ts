/** Models for other programs: GGUF for llama.cpp, safetensors, and a card for people. */
export { exportModel, type ExportOptions } from "./export_model.ts";
export { type GgufOptions, writeGguf } from "./gguf.ts";
export type { GgufTensorType } from "./gguf_format.ts";
export type { TokenizerPatterns } from "./gguf_tokenizer.ts";
export { inspectModel, type ModelFacts } from "./inspect.ts";
export { type CardFacts, type CardSource, modelCard } from "./model_card.ts";
