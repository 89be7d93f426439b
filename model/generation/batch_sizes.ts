import { BLOCK_TOKENS, Texels } from "../../kernels/mod.ts";
import type { Gpt } from "../gpt/mod.ts";
import type { AdapterSizes, BatchSizes } from "./batch_memory.ts";
import { bucketOf } from "./buckets.ts";

/** What a batch may hold, and how it is read. */
export interface SizeOptions {
  /**
   * GPU memory for keys and values, in bytes. What one binding of the adapter holds is the most that is used:
   * see `blocksTotal` of the scheduler's stats.
   * @default what `maxBatch` sequences of the model's context take, at most 512 MiB
   */
  cacheMemoryBytes?: number;
  /** Sequences that run at once. @default 32 */
  maxBatch?: number;
  /** Most rows of a step, those of prompts and of answers together. @default 256 */
  maxRows?: number;
  /**
   * Whether weights and cache are read through textures, and rows are shared by few threads.
   * @default on a software adapter, where barriers are slow and textures at least as fast as buffers
   */
  textures?: boolean;
  /** Room for adapters that requests may name. @default none */
  adapters?: AdapterSizes;
}

/** Most bytes that the cache takes where nothing is said. */
const DEFAULT_CACHE_BYTES = 512 * 2 ** 20;

/** Most that the options may be: what uniform bindings of a step's settings and rows hold. */
const MOST = { maxBatch: 1024, maxRows: 4096 };

/**
 * The sizes of a batch that fits the options and the adapter.
 *
 * @throws {RangeError} if an option is out of its range, or the cache cannot hold a sequence of the model's
 * context
 */
export async function chooseSizes(model: Gpt, options: SizeOptions): Promise<BatchSizes> {
  const { maxBatch: slots = 32, maxRows = 256 } = options;
  const { device, config: { context, channels, heads, vocabularySize } } = model;
  const most = { ...MOST };
  // A row of logits for each sequence, and one to spare, must fit a binding.
  const logits = Math.floor(device.maxBindingBytes / 4 / vocabularySize);
  while (most.maxBatch > 0 && bucketOf(most.maxBatch) >= logits) most.maxBatch--;
  for (const [name, value] of [["maxBatch", slots], ["maxRows", maxRows]] as const) {
    if (Number.isInteger(value) && value >= 1 && value <= most[name]) continue;
    throw new RangeError(
      `Cannot generate: ${name} must be a whole number of 1 to ${most[name]}, got ${value}`,
    );
  }
  const fit = channels % 4 === 0 && channels / heads % 4 === 0;
  const textures = options.textures ?? (fit && await device.barriersAreSlow());
  const block = blockBytes(model);
  const each = Math.ceil(context / BLOCK_TOKENS);
  const bytes = options.cacheMemoryBytes ??
    Math.max(each * block, Math.min(slots * each * block, DEFAULT_CACHE_BYTES));
  const held = Math.min(Math.floor(bytes / block), mostBlocks(model, textures) - 1);
  if (held < each) {
    throw new RangeError(
      `Cannot generate: a cache of ${bytes} bytes holds ${held} blocks of ${BLOCK_TOKENS} tokens, the model's context of ${context} needs ${each}: give at least ${
        each * block
      } bytes`,
    );
  }
  const rows = Math.max(bucketOf(maxRows), bucketOf(slots));
  const { adapters } = options;
  return { slots, blocks: 1 + held, rows, textures, ...(adapters && { adapters }) };
}

/** GPU bytes of a block of the cache, over all layers. */
function blockBytes({ config: { layers, channels } }: Gpt): number {
  return layers * 2 * BLOCK_TOKENS * channels * 4;
}

/** Most blocks that one layer's keys can have on this adapter. */
function mostBlocks({ device, config }: Gpt, textures: boolean): number {
  const bytes = textures
    ? Texels.mostBytes(device)
    : Math.min(device.maxBindingBytes, device.gpu.limits.maxBufferSize);
  return Math.floor(bytes / 4 / (BLOCK_TOKENS * config.channels));
}
