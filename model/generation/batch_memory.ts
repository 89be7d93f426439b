import {
  BLOCK_TOKENS,
  type Device,
  MOST_TOP,
  type Tensor,
  type Texels,
} from "../../kernels/mod.ts";
import { isAdapted, LORA_LAYERS } from "../config.ts";
import type { Gpt, GptParameters } from "../gpt/mod.ts";
import { bucketOf } from "./buckets.ts";

/** Sizes of a batch. */
export interface BatchSizes {
  /** Sequences that run at once. */
  slots: number;
  /** Blocks of the cache, the scrap block among them. */
  blocks: number;
  /** Most rows of a step. */
  rows: number;
  /** Whether weights and cache are read through textures. */
  textures: boolean;
  /** Room for adapters that sequences may have. @default none */
  adapters?: AdapterSizes;
}

/** Room for adapters. */
export interface AdapterSizes {
  /** Adapters that are there at once. */
  count: number;
  /** Highest rank. */
  rank: number;
  /** Layers that may be adapted, as in {@linkcode LoraConfig}. */
  targets: readonly string[];
}

/** An adapted layer of all adapters. */
export interface AdaptedSite {
  /** [S, R, in]. */
  a: Tensor;
  /** [S, out, R], with α/r in it. */
  b: Tensor;
}

/** Adapters on the GPU. */
export interface AdapterMemory {
  sizes: AdapterSizes;
  /** By the weight of the layer that is adapted. */
  sites: ReadonlyMap<Tensor, AdaptedSite>;
  /** u32 [slots + 1]: the adapter of each slot, S for none. */
  bySlot: Tensor;
  /** [N, R]. */
  low: Tensor;
  /** What is added before an activation, [N, 4C]. */
  delta: Tensor;
}

/** Keys and values of a layer, [blocks · 16, C] each. */
export interface LayerCache {
  keys: Tensor | Texels;
  values: Tensor | Texels;
}

/** What steps of a batch use on the GPU; N stands for the most rows, R for the most choices of a step. */
export interface BatchMemory extends Disposable {
  /** A layer's weight as it is read: itself, or its copy in a texture. */
  weight: (weight: Tensor) => Tensor | Texels;
  cache: LayerCache[];
  /** Where there is room for adapters. */
  adapters?: AdapterMemory;
  /** u32 [N, 4]: slot, position, token and cell of each row. */
  rows: Tensor;
  /** u32 [R, 4]: row, slot, position and log-probabilities of each choice. */
  picks: Tensor;
  /** u32 [R]: the rows of choices alone. */
  pickRows: Tensor;
  /** u32 [R]: the tokens whose log-probabilities are asked for in a prompt. */
  targets: Tensor;
  /** u32 [slots + 1, ⌈context / 16⌉]: the blocks of each slot. */
  tables: Tensor;
  /** u32 [slots + 1, 12]: how each slot chooses. */
  settings: Tensor;
  /** u32 [slots + 1]: the last token of each slot. */
  last: Tensor;
  /** u32 [slots + 1, V]. */
  counts: Tensor;
  /** [slots + 1, V]. */
  bias: Tensor;
  /** u32 [slots + 1, ⌈V / 32⌉]. */
  masks: Tensor;
  /** [slots + 1, C]: sums of the last layer norm's rows. */
  sums: Tensor;
  /** Residual stream, at a block's start and in its middle, [N, C]. */
  x: Tensor;
  middle: Tensor;
  /** A layer norm's result, [N, C]. */
  normed: Tensor;
  /** Queries and attention's result, [N, C]. */
  queries: Tensor;
  attended: Tensor;
  /** Feed-forward part, [N, 4C]. */
  active: Tensor;
  /** Chosen rows of the stream before and after the last layer norm, [R, C]. */
  picked: Tensor;
  pickedNormed: Tensor;
  /** [R, V]. */
  logits: Tensor;
  adjusted: Tensor;
  /** u32 [R]. */
  chosen: Tensor;
  /** u32 and f32 [R, 21]. */
  ids: Tensor;
  logprobs: Tensor;
}

/**
 * Allocates a batch's memory.
 *
 * @throws {TypeError} if the model tells classes and writes no text
 * @throws {GpuError} if the adapter allows no buffer of a tensor's size
 */
export function createBatchMemory(model: Gpt, sizes: BatchSizes): BatchMemory {
  if (model.config.lora) {
    throw new TypeError("Cannot write text with adapters that are trained: load the model anew");
  }
  if (model.config.head) {
    const { of, labels } = model.config.head;
    const what = `${labels.slice(0, 4).join(", ")}${labels.length > 4 ? ", …" : ""}`;
    throw new TypeError(
      `Cannot write text: this model tells ${of === "text" ? "texts" : "words"} apart (${what}); ` +
        "use eval --task, or a model of language",
    );
  }
  const { device, config, weights } = model;
  const { layers, channels: C, vocabularySize: V, context } = config;
  const { blocks, rows: N, textures } = sizes;
  const slots = sizes.slots + 1;
  const R = bucketOf(sizes.slots);
  const stack = new DisposableStack();
  try {
    const real = (label: string, ...shape: number[]) => stack.use(device.tensor(label, shape));
    const word = (label: string, ...shape: number[]) =>
      stack.use(device.tensor(label, shape, "u32"));
    const cached = (label: string) => {
      const shape = [blocks * BLOCK_TOKENS, C];
      return stack.use(textures ? device.texels(label, shape) : device.tensor(label, shape));
    };
    const adapters = sizes.adapters &&
      adapterMemory(weights, sizes.adapters, { real, word, slots, N });
    const copies = textures ? weightTexels(device, weights, stack) : new Map<Tensor, Texels>();
    return {
      weight: (weight) => copies.get(weight) ?? weight,
      cache: Array.from({ length: layers }, (_, l) => ({
        keys: cached(`keys ${l}`),
        values: cached(`values ${l}`),
      })),
      ...(adapters && { adapters }),
      rows: word("rows", N, 4),
      picks: word("picks", R, 4),
      pickRows: word("rows of picks", R),
      targets: word("prompt targets", R),
      tables: word("block tables", slots, Math.ceil(context / BLOCK_TOKENS)),
      settings: word("settings", slots, 12),
      last: word("last tokens", slots),
      counts: word("token counts", slots, V),
      bias: real("logit bias", slots, V),
      masks: word("token masks", slots, Math.ceil(V / 32)),
      sums: real("pooled sums", slots, C),
      x: real("x", N, C),
      middle: real("middle", N, C),
      normed: real("normed", N, C),
      queries: real("queries", N, C),
      attended: real("attended", N, C),
      active: real("active", N, 4 * C),
      picked: real("picked", R, C),
      pickedNormed: real("picked and normed", R, C),
      logits: real("logits", R, V),
      adjusted: real("adjusted logits", R, V),
      chosen: word("chosen", R),
      ids: word("ids", R, 1 + MOST_TOP),
      logprobs: real("log-probabilities", R, 1 + MOST_TOP),
      [Symbol.dispose]: () => stack.dispose(),
    };
  } catch (error) {
    stack.dispose();
    throw error;
  }
}

function adapterMemory(
  { blocks }: GptParameters,
  sizes: AdapterSizes,
  { real, word, slots, N }: {
    real: (label: string, ...shape: number[]) => Tensor;
    word: (label: string, ...shape: number[]) => Tensor;
    slots: number;
    N: number;
  },
): AdapterMemory {
  const { count: S, targets } = sizes;
  // Ranks are read four at a time.
  const R = 4 * Math.ceil(sizes.rank / 4);
  const lora = { rank: R, alpha: 1, dropout: 0, targets };
  const sites = blocks.flatMap(({ qkv, projection, up, down }) =>
    [qkv, projection, up, down].flatMap(({ weight }, i): [Tensor, AdaptedSite][] => {
      if (!isAdapted(LORA_LAYERS[i], lora)) return [];
      const [inner, outer] = weight.shape;
      const a = real(`${weight.label} A`, S, R, inner);
      return [[weight, { a, b: real(`${weight.label} B`, S, outer, R) }]];
    })
  );
  const bySlot = word("adapters of slots", slots);
  bySlot.write(new Uint32Array(slots).fill(S));
  const C = blocks[0].projection.weight.shape[0];
  const memory = { sizes: { ...sizes, rank: R }, sites: new Map(sites), bySlot };
  return { ...memory, low: real("low", N, R), delta: real("delta", N, 4 * C) };
}

/** Copies of the matrices that a step multiplies by. */
function weightTexels(
  device: Device,
  weights: GptParameters,
  stack: DisposableStack,
): Map<Tensor, Texels> {
  const matrices = weights.blocks.flatMap(({ qkv, projection, up, down }) =>
    [qkv, projection, up, down].map(({ weight }) => weight)
  );
  return new Map([...matrices, weights.head].map((weight) => {
    const texels = stack.use(device.texels(weight.label, weight.shape));
    texels.copyFrom(weight);
    return [weight, texels];
  }));
}
