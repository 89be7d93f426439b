/**
 * Raw sources as rows, tokenized while they are read.
 *
 * @module
 */
export { openRawSet, type RawSet, type RawSetOptions } from "./set.ts";
export {
  findRawSource,
  hasDocuments,
  type RawReading,
  type RawSource,
  readRawTexts,
} from "./texts.ts";
export {
  type RawPosition,
  type RawTokens,
  readRawTokens,
  type ReadRawTokensOptions,
} from "./tokens.ts";
