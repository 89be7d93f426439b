import {
  absorbsNorm,
  absorbsProjection,
  adapterRowsForward,
  adjustLogits,
  embeddingRowsForward,
  gatherRows,
  layernormRowsForward,
  linearForward,
  type LinearTensors,
  logProbabilities,
  pagedAttentionForward,
  pagedAttentionProjected,
  type Pass,
  poolRows,
  qkvForward,
  sampleTokens,
  type Tensor,
  type Texels,
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
    const { model: { config, weights }, memory: m } = context;
    const norm = { y: m.normed };
    // What the product behind a layer norm reads.
    let normed: Normed;
    const projects = projectsOne(context, rows);
    const { heads } = config;
    const attention = (l: number) => {
      const { keys, values } = m.cache[l];
      return { q: m.queries, keys, values, rows: m.rows, blocks: m.tables };
    };
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
      norm(w, x, { y }) {
        const product = { layout: "NN", rows, columns: 4 * config.channels } as const;
        normed = normBefore(pass, context, w, { x, y }, product);
      },
      attend(l, { weight, bias }, _, y) {
        const { q, keys, values } = attention(l);
        const w = m.weight(weight);
        const delta = adapterDelta(pass, context, weight, normed.x, 3 * config.channels, rows);
        const t = { w, q, keys, values, rows: m.rows, ...(bias ? { bias } : {}), ...delta };
        qkvForward(pass, { ...normed, ...t }, { rows });
        if (!projects) pagedAttentionForward(pass, { ...attention(l), y }, { heads, rows });
      },
      join(layer, name, { weights, x, stream, y }) {
        if (name === "down" || !projects) {
          return linear(pass, context, { layer, name }, weights, { x, y, add: stream }, { rows });
        }
        const w = m.weight(weights.weight) as Texels;
        const bias = weights.bias ? { bias: weights.bias } : {};
        pagedAttentionProjected(pass, { ...attention(layer), w, ...bias, add: stream, y }, {
          heads,
        });
      },
      expand: (layer, weights, _, y) => {
        const t = { ...normed, y };
        linear(pass, context, { layer, name: "up" }, weights, t, { rows, gelu: true });
      },
    });
  },
  /** Adds all rows up by slot, after the last layer norm. */
  pool(pass, { model, memory: m, sizes }, rows) {
    layerNorm(pass, sizes, model.weights.norm, m.x, m.normed, rows);
    poolRows(pass, { x: m.normed, rows: m.rows, sums: m.sums }, { rows });
  },
  /** The logits of all rows. */
  head(pass, context, rows) {
    const { x, normed: y } = context.memory;
    output(pass, context, { x, y }, rows);
  },
  /** The logits of chosen rows. */
  pickedHead(pass, context, rows) {
    const { model: { config }, memory: m } = context;
    const x = m.picked.view(0, [rows, config.channels]);
    gatherRows(pass, { x: m.x, rows: m.pickRows.view(0, [rows]), y: x });
    output(pass, context, { x: m.picked, y: m.pickedNormed }, rows);
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
  t: Normed & { y: Tensor; add?: Tensor },
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

/** The last layer norm of x, which is written to `y` where it gets a launch, and the output layer. */
function output(
  pass: Pass,
  context: LaunchContext,
  stream: { x: Tensor; y: Tensor },
  rows: number,
): void {
  const { model: { weights, config }, memory } = context;
  const site: LinearSite = { layer: config.layers, name: "head" };
  const product = { layout: "NT", rows, columns: config.vocabularySize } as const;
  const normed = normBefore(pass, context, weights.norm, stream, product);
  linear(pass, context, site, { weight: weights.head }, { ...normed, y: memory.logits }, { rows });
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

/** A product's input: rows after a layer norm, or rows with the layer norm that it takes them through. */
type Normed = Pick<LinearTensors, "x" | "gain" | "offset">;

/**
 * The layer norm of x before a product of so many columns: launched, or left to the product, which gives the
 * same bits; where there are adapters they read it too.
 */
function normBefore(
  pass: Pass,
  { memory, sizes }: LaunchContext,
  weights: Affine,
  { x, y }: { x: Tensor; y: Tensor },
  { layout, rows, columns }: { layout: "NN" | "NT"; rows: number; columns: number },
): Normed {
  const { weight: gain, bias: offset } = weights;
  if (sizes.textures && !memory.adapters && absorbsNorm(layout, rows, x.shape[1], columns)) {
    return { x, gain, ...(offset ? { offset } : {}) };
  }
  layerNorm(pass, sizes, weights, x, y, rows);
  return { x: y };
}

/** Whether attention and its projection are one launch. */
function projectsOne({ model: { config }, memory, sizes }: LaunchContext, rows: number): boolean {
  const { heads, channels } = config;
  return sizes.textures && rows === 1 && !memory.adapters && absorbsProjection(heads, channels);
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
