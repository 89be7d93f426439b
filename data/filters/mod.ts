export { buildSteps, type CleaningOptions, type CleaningPreset, PRESETS } from "./build_steps.ts";
export { c4Paragraphs, type C4ParagraphsOptions, c4Quality, type C4QualityOptions } from "./c4.ts";
export { fineWebQuality, type FineWebQualityOptions } from "./fineweb.ts";
export { gopherQuality, type GopherQualityOptions } from "./gopher_quality.ts";
export { gopherRepetition, type GopherRepetitionOptions } from "./gopher_repetition.ts";
export {
  type IdentifiedLanguage,
  languageFilter,
  type LanguageFilterOptions,
  loadLanguageIdentifier,
} from "./language.ts";
export { lengthFilter, type LengthFilterOptions, lengthLimits } from "./length.ts";
export {
  type BoilerplateOptions,
  boilerplateRemoval,
  repetitionRemoval,
  type RepetitionRemovalOptions,
} from "./lines.ts";
export {
  controlCharacterRemoval,
  lineEndings,
  unicodeNormalization,
  type UnicodeNormalizationOptions,
} from "./normalization.ts";
export { PII_KINDS, piiRemoval, type PiiRemovalOptions } from "./pii.ts";
export type { PiiKind } from "./pii_patterns.ts";
export { urlFilter, type UrlFilterOptions } from "./url.ts";
export { wordFilter, type WordFilterOptions } from "./word_list.ts";
