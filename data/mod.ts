/**
 * From text to batches: sources, tokenizers, token arrays and the loader.
 *
 * @module
 */
export type { Document } from "./document.ts";
export { DataError } from "./errors.ts";
export {
  type Batch,
  batches,
  type BatchesOptions,
  evaluationBatches,
  type EvaluationBatchesOptions,
} from "./loader/mod.ts";
export {
  decodeUtf8,
  hashFile,
  listFiles,
  readBytes,
  readText,
  type ReadTextOptions,
} from "./sources/mod.ts";
export {
  type Count,
  type Drop,
  type Stage,
  stage,
  type StageOptions,
  type StageReport,
  type Step,
} from "./stage.ts";
export {
  byteTokenizer,
  charTokenizer,
  parseTokenizer,
  readTokenizer,
  type Tokenizer,
  trainCharTokenizer,
} from "./tokenizers/mod.ts";
export {
  collectTokens,
  type CollectTokensOptions,
  encodeStream,
  splitTokens,
  type Tokens,
  type TokenSplit,
} from "./tokens.ts";
