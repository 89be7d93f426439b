/** Translating with an encoder–decoder: beam search over a batched decoder with its caches. */
export { type BeamOptions, BeamSearch, type NextTokens, type Translation } from "./beams.ts";
export {
  MOST_BEAMS,
  type TextToTranslate,
  type TranslateOptions,
  Translator,
  type TranslatorOptions,
} from "./translator.ts";
export {
  type QueuedTranslateOptions,
  TranslationQueue,
  type TranslationStats,
} from "./translation_queue.ts";
export type { TranslationShape } from "./decoder_memory.ts";
