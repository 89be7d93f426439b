/** A head that tells classes, in place of the output layer over the vocabulary. */
export interface ClassHead {
  /** What it tells the class of: a whole text, read at its last token, or each token. */
  of: "text" | "token";
  /** Names of the classes by id. */
  labels: readonly string[];
  /** Whether a text may be of several classes, or of none. @default false */
  multiLabel?: boolean;
  /** Id of the token that stands behind short texts of a batch. @default none */
  padId?: number;
}

/** Low-rank adaptation: what is trained beside weights that stay as they are. */
export interface LoraConfig {
  /** Rank of what is added to a layer, r. */
  rank: number;
  /** What is added is multiplied by alpha / rank. */
  alpha: number;
  /** Share of what an adapter reads that training drops, in [0, 1). */
  dropout: number;
  /** Layers that are adapted: `c_attn`, `c_proj` (both of a block), `c_fc`, or `attn.c_proj` and such. */
  targets: readonly string[];
}

/** Layers of a block that can be adapted. */
export const LORA_LAYERS = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"] as const;

/** Whether a layer, such as `attn.c_proj`, is adapted. */
export function isAdapted(layer: string, lora: LoraConfig | undefined): boolean {
  return lora?.targets.some((target) => layer === target || layer.endsWith(`.${target}`)) ?? false;
}

/** What a model was fine-tuned for, and how it must be asked. */
export interface ModelTask {
  /** Texts or words told apart, or texts written. */
  name: "classify" | "tag" | "translate" | "chat" | "text";
  /** What stands before a translation, with `{source}` for the text. */
  prompt?: string;
  /** Which piece of a word is read to tell its tag. */
  piece?: "first" | "last";
}

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
  /** A head that tells classes; then there is no output layer. @default none */
  head?: ClassHead;
  /** Adapters beside weights that are frozen. @default none */
  lora?: LoraConfig;
  /** What it was fine-tuned for; changes nothing in what is computed. @default nothing */
  task?: ModelTask;
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
  const { heads, channels, dropout, head } = config;
  if (channels % heads !== 0) {
    throw new RangeError(
      `Cannot build a GPT: channels must be divisible by heads, got ${channels} channels and ${heads} heads`,
    );
  }
  if (!(dropout >= 0 && dropout < 1)) {
    throw new RangeError(`Cannot build a GPT: dropout must be in [0, 1), got ${dropout}`);
  }
  if (head) assertHead(head, config.vocabularySize);
  if (config.lora) assertLora(config.lora);
}

/** Columns of the logits: the classes of a head, or the vocabulary. */
export function logitColumns(
  { head, vocabularySize }: Pick<GptConfig, "head" | "vocabularySize">,
): number {
  return head?.labels.length ?? vocabularySize;
}

function assertLora({ rank, alpha, dropout, targets }: LoraConfig): void {
  const fail = (problem: string): never => {
    throw new RangeError(`Cannot adapt a GPT: ${problem}`);
  };
  if (!Number.isInteger(rank) || rank < 1) {
    fail(`rank must be a whole number of at least 1, got ${rank}`);
  }
  if (!(alpha > 0 && alpha < Infinity)) fail(`alpha must be above 0, got ${alpha}`);
  if (!(dropout >= 0 && dropout < 1)) fail(`dropout must be in [0, 1), got ${dropout}`);
  const known = (target: string) => LORA_LAYERS.some((layer) => `.${layer}`.endsWith(`.${target}`));
  const unknown = targets.find((target) => !known(target));
  if (unknown !== undefined || targets.length === 0) {
    fail(
      `targets must be of c_attn, c_proj, c_fc, ${LORA_LAYERS.join(", ")}, got ${
        unknown ?? "none"
      }`,
    );
  }
}

function assertHead({ of, labels, multiLabel, padId }: ClassHead, vocabularySize: number): void {
  const fail = (problem: string): never => {
    throw new RangeError(`Cannot build a GPT: ${problem}`);
  };
  if (labels.length === 0) fail("a head needs at least one label, got none");
  if (new Set(labels).size < labels.length) fail(`labels must differ, got ${labels.join(", ")}`);
  if (multiLabel && of === "token") fail("several labels are for texts, not for tokens");
  if (padId !== undefined && !(Number.isInteger(padId) && padId >= 0 && padId < vocabularySize)) {
    fail(`padId must be a token, from 0 to ${vocabularySize - 1}, got ${padId}`);
  }
}
