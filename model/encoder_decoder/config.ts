/** Shape and options of an encoder–decoder. */
export interface EncoderDecoderConfig {
  /** Blocks of the encoder. */
  encoderLayers: number;
  /** Blocks of the decoder. */
  decoderLayers: number;
  /** Attention heads of a block, NH; must divide `channels`. */
  heads: number;
  /** Width of the residual streams, C. */
  channels: number;
  /** Longest text on either side in tokens. */
  context: number;
  /** Number of different tokens of both sides, V. */
  vocabularySize: number;
  /**
   * Number of tokens that the decoder may write, K: those below it; the others are the source side's
   * alone. @default vocabularySize
   */
  outputSize: number;
  /** Share of activations that training drops, in [0, 1). @default 0 */
  dropout: number;
  /** Whether the output layer shares the token embedding. @default true */
  tie: boolean;
  /** Whether token embeddings are multiplied by √C. @default false */
  scaleEmbedding: boolean;
  /** Token that fills texts up; no attention and no loss ever sees it. */
  padId: number;
  /** Token that a translation begins with. */
  startId: number;
  /** Token that ends a text. */
  endId: number;
}

/**
 * Checks that a model of this shape can be built.
 *
 * @throws {RangeError} naming the field, its value and what it must be
 */
export function assertEncoderDecoderConfig(config: EncoderDecoderConfig): void {
  const fail = (problem: string): never => {
    throw new RangeError(`Cannot build an encoder–decoder: ${problem}`);
  };
  const { heads, channels, dropout, vocabularySize, outputSize } = config;
  for (
    const field of [
      ...["encoderLayers", "decoderLayers", "heads", "channels", "context"] as const,
      ...["vocabularySize", "outputSize"] as const,
    ]
  ) {
    if (Number.isInteger(config[field]) && config[field] >= 1) continue;
    fail(`${field} must be a whole number of at least 1, got ${config[field]}`);
  }
  if (channels % heads !== 0) {
    fail(`channels must be divisible by heads, got ${channels} channels and ${heads} heads`);
  }
  if (outputSize > vocabularySize) {
    fail(`outputSize must be at most the vocabulary's ${vocabularySize}, got ${outputSize}`);
  }
  for (
    const [field, most] of [["padId", vocabularySize], ["startId", vocabularySize], [
      "endId",
      outputSize,
    ]] as const
  ) {
    if (Number.isInteger(config[field]) && config[field] >= 0 && config[field] < most) continue;
    fail(`${field} must be a token from 0 to ${most - 1}, got ${config[field]}`);
  }
  if (!(dropout >= 0 && dropout < 1)) fail(`dropout must be in [0, 1), got ${dropout}`);
}
