/**
 * Raw sources as rows, tokenized while they are read.
 *
 * @module
 */
export { openRawSet, type RawSet, type RawSetOptions } from "./set.ts";
export {
  findRawSource,
  type RawPosition,
  type RawReading,
  type RawSource,
  type RawTokens,
  readRawTokens,
  type ReadRawTokensOptions,
} from "./tokens.ts";
