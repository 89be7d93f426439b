import {
  adapterRowsForward,
  adjustLogits,
  embeddingRowsForward,
  gatherRows,
  layernormRowsForward,
  linearForward,
  logProbabilities,
  pagedAttentionForward,
  type Pass,
  poolRows,
  qkvForward,
  sampleTokens,
  type Tensor,
} from "../../kernels/mod.ts";
import { type Affine, type BlockStream, forwardBlocks, type Gpt } from "../gpt/mod.ts";
import type { BatchMemory, BatchSizes } from "./batch_memory.ts";

/** What launches are written for. */
export interface LaunchContext {
  model: Gpt;
  memory: BatchMemory;
  sizes: BatchSizes;
}

/** A linear layer of the model: of a block, or the output layer. */
interface LinearSite {
  layer: number;
  name: "projection" | "up" | "down" | "head";
}

/**
 * The parts that steps are put together from, each written down for a number of rows: of the whole step for
 * `forward`, `norm`, `pool` and `head`, of its choices for the others.
 */
export const LAUNCHES = {
  /** The rows' embeddings and all blocks, to x. */
  forward(pass, context, rows) {
    const { model: { config, weights }, memory: m, sizes } = context;
    const norm = { y: m.normed };
    const stream: BlockStream<{ y: Tensor }> = {
      ...{ x: m.x, middle: m.middle, attended: m.attended, active: m.active },
      ...{ norm1: norm, norm2: norm },
    };
    const blocks = weights.blocks.map(() => stream);
    forwardBlocks(weights, blocks, m.x, {
      embed(x) {
        const { wte, wpe } = weights;
        embeddingRowsForward(pass, { rows: m.rows, last: m.last, wte, wpe, x }, { rows });
      },
      norm: (w, x, { y }) => layerNorm(pass, sizes, w, x, y, rows),
      attend(l, { weight, bias }, x, y) {
        const { keys, values } = m.cache[l];
        const q = m.queries;
        const w = m.weight(weight);
        const delta = adapterDelta(pass, context, weight, x, 3 * config.channels, rows);
        const t = { x, w, q, keys, values, rows: m.rows, ...(bias ? { bias } : {}), ...delta };
        qkvForward(pass, t, { rows });
        pagedAttentionForward(
          pass,
          { q, keys, values, rows: m.rows, blocks: m.tables, y },
          { heads: config.heads, rows },
        );
      },
      join: (layer, name, { weights, x, stream, y }) =>
        linear(pass, context, { layer, name }, weights, { x, y, add: stream }, { rows }),
      expand: (layer, weights, x, y) =>
        linear(pass, context, { layer, name: "up" }, weights, { x, y }, { rows, gelu: true }),
    });
  },
  /** The last layer norm of all rows. */
  norm(pass, { model, memory: m, sizes }, rows) {
    layerNorm(pass, sizes, model.weights.norm, m.x, m.normed, rows);
  },
  /** Adds those rows up by slot. */
  pool(pass, { memory: m }, rows) {
    poolRows(pass, { x: m.normed, rows: m.rows, sums: m.sums }, { rows });
  },
  /** The logits of all rows. */
  head(pass, context, rows) {
    output(pass, context, context.memory.normed, rows);
  },
  /** The last layer norm of chosen rows. */
  pick(pass, { model, memory: m, sizes }, rows) {
    const C = model.config.channels;
    const y = m.picked.view(0, [rows, C]);
    gatherRows(pass, { x: m.x, rows: m.pickRows.view(0, [rows]), y });
    layerNorm(pass, sizes, model.weights.norm, m.picked, m.pickedNormed, rows);
  },
  /** Their logits. */
  pickedHead(pass, context, rows) {
    output(pass, context, context.memory.pickedNormed, rows);
  },
  /** Logits after penalties, bias and mask. */
  adjust(pass, { memory: m }, rows) {
    const { logits, picks, settings, counts, bias, masks, adjusted: y } = m;
    adjustLogits(pass, { logits, picks, settings, counts, bias, masks, y }, { rows });
  },
  /** Chooses by the logits as they are. */
  sample(pass, context, rows) {
    sample(pass, context, context.memory.logits, rows);
  },
  /** Chooses by adjusted logits. */
  sampleAdjusted(pass, context, rows) {
    sample(pass, context, context.memory.adjusted, rows);
  },
  /** Log-probabilities of what was chosen. */
  score(pass, context, rows) {
    score(pass, context, context.memory.chosen, rows);
  },
  /** Log-probabilities of a prompt's tokens. */
  scorePrompt(pass, context, rows) {
    score(pass, context, context.memory.targets, rows);
  },
} satisfies Record<string, (pass: Pass, context: LaunchContext, rows: number) => void>;

/** Name of a part. */
export type LaunchName = keyof typeof LAUNCHES;

/** A linear layer, with the adapters of the rows' slots. */
function linear(
  pass: Pass,
  context: LaunchContext,
  site: LinearSite,
  { weight, bias }: Affine,
  t: { x: Tensor; y: Tensor; add?: Tensor },
  options: { rows: number; gelu?: boolean },
): void {
  const layout = site.name === "head" ? "NT" : "NN";
  const w = context.memory.weight(weight);
  const delta = t.add
    ? addAdapters(pass, context, weight, t.x, t.add, options.rows)
    : adapterDelta(pass, context, weight, t.x, t.y.shape[1], options.rows);
  linearForward(pass, { ...t, w, ...(bias ? { bias } : {}), ...delta }, { layout, ...options });
}

/** What adapters add to a layer before its activation; nothing where it has none. */
function adapterDelta(
  pass: Pass,
  { memory: { adapters, rows: slots } }: LaunchContext,
  weight: Tensor,
  x: Tensor,
  columns: number,
  rows: number,
): { delta?: Tensor } {
  const site = adapters?.sites.get(weight);
  if (!adapters || !site) return {};
  const y = adapters.delta.view(0, [adapters.delta.shape[0], columns]);
  const t = { x, rows: slots, adapters: adapters.bySlot, ...site, low: adapters.low, y };
  adapterRowsForward(pass, t, { rows });
  return { delta: y };
}

/** Adds to the stream that a branch joins what adapters add to the branch; it is not read again. */
function addAdapters(
  pass: Pass,
  { memory: { adapters, rows: slots } }: LaunchContext,
  weight: Tensor,
  x: Tensor,
  y: Tensor,
  rows: number,
): void {
  const site = adapters?.sites.get(weight);
  if (!adapters || !site) return;
  const t = { x, rows: slots, adapters: adapters.bySlot, ...site, low: adapters.low, y };
  adapterRowsForward(pass, t, { rows, accumulate: true });
}

function output(pass: Pass, context: LaunchContext, x: Tensor, rows: number): void {
  const { model: { weights, config }, memory } = context;
  const site: LinearSite = { layer: config.layers, name: "head" };
  linear(pass, context, site, { weight: weights.head }, { x, y: memory.logits }, { rows });
}

function sample(pass: Pass, { memory, sizes }: LaunchContext, logits: Tensor, rows: number): void {
  const { picks, settings, last, counts, chosen } = memory;
  const t = { logits, picks, settings, last, counts, chosen };
  sampleTokens(pass, t, { rows, lanes: lanes(sizes) });
}

function score(pass: Pass, { memory, sizes }: LaunchContext, tokens: Tensor, rows: number): void {
  const { logits, picks, ids, logprobs: values } = memory;
  logProbabilities(pass, { logits, picks, tokens, ids, values }, { rows, lanes: lanes(sizes) });
}

function layerNorm(
  pass: Pass,
  { textures: uniform }: BatchSizes,
  { weight, bias }: Affine,
  x: Tensor,
  y: Tensor,
  rows: number,
): void {
  const t = { x, y, gain: weight, ...(bias ? { bias } : {}) };
  layernormRowsForward(pass, t, { rows, uniform });
}

/** Threads that share a row of logits: those that a software adapter runs at once, or a GPU's. */
function lanes({ textures }: BatchSizes): number {
  return textures ? 8 : 64;
}
