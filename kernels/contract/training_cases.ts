import { adamw } from "../adamw/mod.ts";
import * as adamwReference from "../adamw/reference.ts";
import { attentionBackward, attentionForward } from "../attention/mod.ts";
import * as attentionReference from "../attention/reference.ts";
import { biasGradient, biasGradientPartialShape } from "../bias_gradient/mod.ts";
import * as biasGradientReference from "../bias_gradient/reference.ts";
import {
  binaryCrossEntropyBackward,
  binaryCrossEntropyForward,
} from "../binary_cross_entropy/mod.ts";
import * as binaryCrossEntropyReference from "../binary_cross_entropy/reference.ts";
import { copy } from "../copy/mod.ts";
import * as copyReference from "../copy/reference.ts";
import { crossEntropyBackward, crossEntropyForward } from "../cross_entropy/mod.ts";
import * as crossEntropyReference from "../cross_entropy/reference.ts";
import { dropoutForward } from "../dropout/mod.ts";
import * as dropoutReference from "../dropout/reference.ts";
import { embeddingBackward, embeddingForward } from "../embedding/mod.ts";
import * as embeddingReference from "../embedding/reference.ts";
import { fill } from "../fill/mod.ts";
import * as fillReference from "../fill/reference.ts";
import { geluBackward, geluForward } from "../gelu/mod.ts";
import * as geluReference from "../gelu/reference.ts";
import { gradientNorm, gradientNormPartialShape } from "../gradient_norm/mod.ts";
import * as gradientNormReference from "../gradient_norm/reference.ts";
import { layernormBackward, layernormForward, layernormPartialShape } from "../layernorm/mod.ts";
import * as layernormReference from "../layernorm/reference.ts";
import { scaleLoss, updateLossScale } from "../loss_scale/mod.ts";
import * as lossScaleReference from "../loss_scale/reference.ts";
import { type Layout, matmul } from "../matmul/mod.ts";
import { keepFactor } from "../random/reference.ts";
import { residualForward } from "../residual/mod.ts";
import * as residualReference from "../residual/reference.ts";
import { scale } from "../scale/mod.ts";
import * as scaleReference from "../scale/reference.ts";
import { accumulateSum } from "../sum/mod.ts";
import * as sumReference from "../sum/reference.ts";
import { sampledMatmul } from "./sampled_matmul.ts";
import { accumulate, input, normal, output, scratch, update } from "./spec.ts";
import { type KernelCase, type KernelCaseMaker, LAYERS, type ModelSizes } from "./kernel_case.ts";

/** Rows of logits that are worked on at a time. */
const LOGIT_ROWS = 64;

/** Bytes that every adapter binds: a larger vocabulary is worked on in parts. */
const BOUND_BYTES = 2 ** 27;

/** Tokens of the vocabulary that a product works on. */
const headTokens = ({ C, V }: ModelSizes) => Math.min(V, Math.floor(BOUND_BYTES / 4 / C / 64) * 64);

const logitRows = ({ B, T }: ModelSizes) => Math.min(B * T, LOGIT_ROWS);

/** The three products of a linear layer. */
const PRODUCTS: Record<string, (M: number, K: number, N: number) => [Layout, number[]]> = {
  forward: (M, K, N) => ["NN", [M, K, N]],
  dx: (M, K, N) => ["NT", [M, N, K]],
  dw: (M, K, N) => ["TN", [K, M, N]],
};

function product(
  [layout, [M, K, N]]: [Layout, number[]],
): Omit<KernelCase, "label"> {
  const adds = layout === "TN";
  const next = normal(2);
  return {
    op: matmul,
    reference: sampledMatmul,
    sampled: true,
    tensors: {
      a: input(layout === "TN" ? [K, M] : [M, K]),
      // Sums about as large as their addends, however long they are.
      b: input(layout === "NT" ? [N, K] : [K, N], () => next() / Math.sqrt(K)),
      y: adds ? accumulate([M, N]) : output([M, N]),
    },
    options: { layout, accumulate: adds },
    sizes: { M, K, N },
    tolerance: 1e-4,
    operations: 2 * M * K * N,
  };
}

const DROPOUT = { seed: 7, step: 3, layer: 5, rate: 0.1 };
const clockOf = (i: number) => [DROPOUT.seed, DROPOUT.step][i];

const tokensBelow = (V: number) => (i: number) => (i * 7919) % V;

const attentionOperations = ({ B, T, C }: ModelSizes, products: number) => products * B * T * T * C;

function attentionSaved({ B, T, C, heads }: ModelSizes) {
  const next = normal();
  const qkv = Float64Array.from({ length: B * T * 3 * C }, () => Math.fround(next()));
  const [y, lse] = [new Float64Array(B * T * C), new Float64Array(B * heads * T)];
  attentionReference.attentionForward({ qkv, y, lse }, { B, Tq: T, Tk: T, C, heads });
  const of = (shape: number[], data: Float64Array) => input(shape, (i) => data[i]);
  return {
    qkv: of([B, T, 3 * C], qkv),
    y: of([B, T, C], y),
    lse: of([B, heads, T], lse),
  };
}

/** Rows and their statistics. */
function layernormSaved(N: number, C: number) {
  const next = normal();
  const x = Float64Array.from({ length: N * C }, () => Math.fround(next()));
  const [y, mean, rstd] = [new Float64Array(N * C), new Float64Array(N), new Float64Array(N)];
  const gain = new Float64Array(C);
  layernormReference.layernormForward({ x, gain, y, mean, rstd }, { N, C });
  const of = (shape: number[], data: Float64Array) => input(shape, (i) => data[i]);
  return { x: of([N, C], x), mean: of([N], mean), rstd: of([N], rstd) };
}

/** What training does, in the order of a step. */
export const TRAINING_CASES: readonly KernelCaseMaker[] = [
  {
    name: "fill",
    at: ({ C }) => ({
      op: fill,
      reference: fillReference.fill,
      tensors: { x: output([12 * C * C]) },
      options: { value: 0 },
    }),
  },
  {
    name: "embedding forward",
    at: ({ B, T, C, V }) => ({
      op: embeddingForward,
      reference: embeddingReference.embeddingForward,
      tensors: {
        tokens: input([B, T], tokensBelow(V), "u32"),
        wte: input([V, C]),
        wpe: input([T, C]),
        x: output([B, T, C]),
      },
      sizes: { T, C },
      bytes: 12 * B * T * C,
    }),
  },
  {
    name: "dropout",
    at: ({ B, T, C }) => ({
      op: dropoutForward,
      reference: dropoutReference.dropoutForward,
      tensors: { x: update([B * T * C]), clock: input([2], clockOf, "u32") },
      options: { rate: DROPOUT.rate, layer: DROPOUT.layer },
      sizes: { keep: (element: number) => keepFactor(DROPOUT, element) },
    }),
  },
  {
    name: "layernorm forward",
    at: ({ B, T, C }) => ({
      op: layernormForward,
      reference: layernormReference.layernormForward,
      tensors: {
        x: input([B * T, C]),
        gain: input([C]),
        bias: input([C]),
        y: output([B * T, C]),
        mean: output([B * T]),
        rstd: output([B * T]),
      },
      sizes: { N: B * T, C },
      // A row of few channels may vary little, and its reciprocal deviation much.
      tolerance: C < 8 ? 1e-3 : 5e-5,
    }),
  },
  ...Object.entries(LAYERS).flatMap(([layer, shape]) =>
    Object.entries(PRODUCTS).map(([direction, sizesOf]) => ({
      name: `matmul ${layer} ${direction}`,
      at: (sizes: ModelSizes) => product(sizesOf(sizes.B * sizes.T, ...shape(sizes))),
    }))
  ),
  {
    name: "attention forward",
    at: (sizes) => {
      const { B, T, C, heads } = sizes;
      return {
        op: attentionForward,
        reference: attentionReference.attentionForward,
        tensors: {
          qkv: input([B, T, 3 * C]),
          y: output([B, T, C]),
          lse: output([B, heads, T]),
        },
        options: { heads },
        sizes: { B, Tq: T, Tk: T, C },
        operations: attentionOperations(sizes, 2),
      };
    },
  },
  {
    name: "attention backward",
    at: (sizes) => {
      const { B, T, C, heads } = sizes;
      return {
        op: attentionBackward,
        reference: attentionReference.attentionBackward,
        tensors: {
          ...attentionSaved(sizes),
          dy: input([B, T, C], normal(5)),
          dqkv: output([B, T, 3 * C]),
          delta: output([B, heads, T]),
        },
        options: { heads },
        sizes: { B, Tq: T, Tk: T, C },
        tolerance: 1e-4,
        operations: attentionOperations(sizes, 5),
      };
    },
  },
  {
    name: "residual",
    at: ({ B, T, C }) => ({
      op: residualForward,
      reference: residualReference.residualForward,
      tensors: { a: input([B * T * C]), b: input([B * T * C]), y: output([B * T * C]) },
    }),
  },
  {
    name: "residual with dropout",
    at: ({ B, T, C }) => ({
      op: residualForward,
      reference: residualReference.residualForward,
      tensors: {
        ...{ a: input([B * T * C]), b: input([B * T * C]), y: output([B * T * C]) },
        clock: input([2], clockOf, "u32"),
      },
      options: { dropout: DROPOUT.rate, layer: DROPOUT.layer },
      sizes: { keep: (element: number) => keepFactor(DROPOUT, element) },
    }),
  },
  {
    name: "gelu forward",
    at: ({ B, T, C }) => ({
      op: geluForward,
      reference: geluReference.geluForward,
      tensors: { x: input([B * T, 4 * C]), y: output([B * T, 4 * C]) },
    }),
  },
  {
    name: "gelu backward",
    at: ({ B, T, C }) => ({
      op: geluBackward,
      reference: geluReference.geluBackward,
      tensors: {
        x: input([B * T, 4 * C]),
        dy: input([B * T, 4 * C]),
        dx: output([B * T, 4 * C]),
      },
    }),
  },
  {
    name: "matmul head forward",
    at: (sizes) => product(["NT", [logitRows(sizes), sizes.C, headTokens(sizes)]]),
  },
  {
    name: "matmul head dx",
    at: (sizes) => product(["NN", [logitRows(sizes), headTokens(sizes), sizes.C]]),
  },
  {
    name: "matmul head dw",
    at: (sizes) => product(["TN", [headTokens(sizes), logitRows(sizes), sizes.C]]),
  },
  ...(["forward", "backward"] as const).map((direction) => ({
    name: `cross-entropy ${direction}`,
    at: (sizes: ModelSizes) => {
      const [rows, V] = [logitRows(sizes), sizes.V];
      const backward = direction === "backward";
      return {
        op: backward ? crossEntropyBackward : crossEntropyForward,
        reference: backward
          ? crossEntropyReference.crossEntropyBackward
          : crossEntropyReference.crossEntropyForward,
        tensors: {
          logits: backward ? update([rows, V]) : input([rows, V]),
          targets: input([rows], (i) => i % 5 === 3 ? -1 : (i * 7919) % V, "i32"),
          ...(backward ? { scale: input([1], () => 0.25) } : {}),
          losses: output([rows]),
        },
        sizes: { V },
      };
    },
  })),
  ...(["forward", "backward"] as const).map((direction) => ({
    name: `binary cross-entropy ${direction}`,
    at: (sizes: ModelSizes) => {
      const [rows, K] = [logitRows(sizes), sizes.V];
      const backward = direction === "backward";
      return {
        op: backward ? binaryCrossEntropyBackward : binaryCrossEntropyForward,
        reference: backward
          ? binaryCrossEntropyReference.binaryCrossEntropyBackward
          : binaryCrossEntropyReference.binaryCrossEntropyForward,
        tensors: {
          logits: backward ? update([rows, K]) : input([rows, K]),
          labels: input([rows, K], (i) => (i * 5) % 3 === 1 ? 1 : 0),
          weights: input([rows], (i) => i % 3),
          ...(backward ? { scale: input([1], () => 0.25) } : {}),
          losses: output([rows]),
        },
        sizes: { K },
        tolerance: 5e-5,
      };
    },
  })),
  {
    name: "sum",
    at: ({ B, T }) => ({
      op: accumulateSum,
      reference: sumReference.accumulateSum,
      tensors: {
        x: input([B * T]),
        total: accumulate([9]),
        slot: input([1], () => 3, "u32"),
      },
    }),
  },
  {
    name: "layernorm backward",
    at: ({ B, T, C }) => ({
      op: layernormBackward,
      reference: layernormReference.layernormBackward,
      tensors: {
        ...layernormSaved(B * T, C),
        gain: input([C], normal(3)),
        dy: input([B * T, C], normal(9)),
        dx: accumulate([B * T, C]),
        dgain: accumulate([C]),
        dbias: accumulate([C]),
        partial: scratch(layernormPartialShape([B * T, C])),
      },
      options: { accumulate: true },
      sizes: { N: B * T, C },
      tolerance: 1e-4,
    }),
  },
  {
    name: "bias gradient",
    at: ({ B, T, C }) => ({
      op: biasGradient,
      reference: biasGradientReference.biasGradient,
      tensors: {
        dy: input([B * T, 4 * C]),
        dbias: accumulate([4 * C]),
        partial: scratch(biasGradientPartialShape([B * T, 4 * C])),
      },
      tolerance: 5e-5,
    }),
  },
  {
    name: "copy",
    at: ({ B, T, C }) => ({
      op: copy,
      reference: copyReference.copy,
      tensors: { x: input([B * T * C]), y: output([B * T * C]) },
    }),
  },
  {
    name: "embedding backward",
    at: ({ B, T, C, V }) => ({
      op: embeddingBackward,
      reference: embeddingReference.embeddingBackward,
      tensors: {
        tokens: input([B, T], tokensBelow(V), "u32"),
        dx: input([B, T, C]),
        dwte: accumulate([V, C]),
        dwpe: accumulate([T, C]),
        next: scratch([B, T], "u32"),
      },
      sizes: { T, C },
      bytes: 4 * C * (3 * B * T + 2 * T),
    }),
  },
  {
    name: "gradient norm",
    at: ({ C }) => ({
      op: (pass, { gradient, norm }, options) => {
        const gradients = [gradient];
        const partial = pass.scratch(gradientNormPartialShape(gradients));
        gradientNorm(pass, { gradients, partial, norm }, options);
      },
      reference: ({ gradient, norm }, options) =>
        gradientNormReference.gradientNorm({ gradients: [gradient], norm }, options),
      tensors: {
        gradient: input([12 * C * C]),
        norm: output([2]),
      },
      options: { clip: 1 },
    }),
  },
  {
    name: "loss scale",
    at: () => ({
      op: (pass, { state, scale, norm }, options) => {
        scaleLoss(pass, { state, scale });
        updateLossScale(pass, { state, norm }, options);
      },
      reference: (t, options) => {
        lossScaleReference.scaleLoss(t);
        lossScaleReference.updateLossScale(t, options);
      },
      tensors: {
        state: update([2], (i) => [1024, 3][i]),
        scale: update([1], () => 0.25),
        norm: update([2], () => 5000),
      },
      options: { clip: 1, interval: 4 },
    }),
  },
  {
    name: "adamw",
    at: ({ C }) => {
      const squares = normal(3);
      return {
        op: adamw,
        reference: adamwReference.adamw,
        tensors: {
          parameters: update([12 * C * C]),
          gradients: input([12 * C * C], normal(2)),
          m: update([12 * C * C], normal(4)),
          v: update([12 * C * C], () => squares() ** 2),
          norm: input([2], (i) => [7, 0.5][i]),
          schedule: input([4], (i) => [0.01, 1 / (1 - 0.9 ** 3), 1 / (1 - 0.999 ** 3), 0][i]),
        },
        options: {
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-8,
          weightDecay: 0.1,
          decayed: 8 * C * C,
        },
      };
    },
  },
  {
    name: "scale",
    at: ({ C }) => ({
      op: scale,
      reference: scaleReference.scale,
      tensors: { x: update([12 * C * C]) },
      options: { factor: -1.5 },
    }),
  },
];
