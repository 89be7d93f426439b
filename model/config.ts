/** Shape and options of a GPT-2 model. */
export interface GptConfig {
  /** Transformer blocks, L. */
  layers: number;
  /** Attention heads of a block, NH; must divide `channels`. */
  heads: number;
  /** Width of the residual stream, C. */
  channels: number;
  /** Longest sequence in tokens, T. */
  context: number;
  /** Number of different tokens, V. */
  vocabularySize: number;
  /** Share of activations that training drops, in [0, 1). @default 0 */
  dropout: number;
  /** Whether linear layers and layer norms have biases. @default true */
  bias: boolean;
  /** Whether the output layer shares the token embedding. @default true */
  tie: boolean;
}

/** Sizes of the named models: `nano` trains in minutes on a CPU; the others are GPT-2's. */
export const PRESETS = {
  nano: { layers: 4, heads: 4, channels: 128, context: 64 },
  micro: { layers: 6, heads: 6, channels: 384, context: 256 },
  gpt2: { layers: 12, heads: 12, channels: 768, context: 1024 },
  "gpt2-medium": { layers: 24, heads: 16, channels: 1024, context: 1024 },
  "gpt2-large": { layers: 36, heads: 20, channels: 1280, context: 1024 },
  "gpt2-xl": { layers: 48, heads: 25, channels: 1600, context: 1024 },
} as const;

/** Name of a preset. */
export type Preset = keyof typeof PRESETS;

/**
 * Checks that a model of this shape can be built.
 *
 * @throws {RangeError} naming the field, its value and what it must be
 */
export function assertConfig(config: GptConfig): void {
  for (const field of ["layers", "heads", "channels", "context", "vocabularySize"] as const) {
    if (!Number.isInteger(config[field]) || config[field] < 1) {
      throw new RangeError(
        `Cannot build a GPT: ${field} must be a whole number of at least 1, got ${config[field]}`,
      );
    }
  }
  const { heads, channels, dropout } = config;
  if (channels % heads !== 0) {
    throw new RangeError(
      `Cannot build a GPT: channels must be divisible by heads, got ${channels} channels and ${heads} heads`,
    );
  }
  if (!(dropout >= 0 && dropout < 1)) {
    throw new RangeError(`Cannot build a GPT: dropout must be in [0, 1), got ${dropout}`);
  }
}
