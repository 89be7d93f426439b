import { adapterRowsForward } from "../adapter_rows/mod.ts";
import * as adapterRowsReference from "../adapter_rows/reference.ts";
import { adjustLogits } from "../adjust_logits/mod.ts";
import * as adjustLogitsReference from "../adjust_logits/reference.ts";
import { embeddingRowsForward } from "../embedding/mod.ts";
import * as embeddingReference from "../embedding/reference.ts";
import { gatherRows } from "../gather/mod.ts";
import * as gatherReference from "../gather/reference.ts";
import { layernormRowsForward } from "../layernorm/mod.ts";
import * as layernormReference from "../layernorm/reference.ts";
import { linearForward, qkvForward } from "../linear/mod.ts";
import * as linearReference from "../linear/reference.ts";
import { logProbabilities } from "../log_probability/mod.ts";
import * as logProbabilityReference from "../log_probability/reference.ts";
import { pagedAttentionForward, pagedAttentionProjected } from "../paged_attention/mod.ts";
import * as pagedAttentionReference from "../paged_attention/reference.ts";
import { poolRows } from "../pool_rows/mod.ts";
import * as poolRowsReference from "../pool_rows/reference.ts";
import { threefry2x32 } from "../random/reference.ts";
import { sampleTokens } from "../sample/mod.ts";
import * as sampleReference from "../sample/reference.ts";
import { accumulate, input, inTexture, normal, output, scratch, update } from "./spec.ts";
import { type KernelCaseMaker, LAYERS, type ModelSizes } from "./kernel_case.ts";

/** Sequences of a decoding step. */
const DECODED = 8;

/** The four words of a row of a decoding step: slot, position, token and cell. */
const decodedRow = ({ T, V }: ModelSizes) => (i: number) => {
  const n = i >> 2;
  return [n, T - 1, (n * 31) % V, n * T + T - 1][i & 3];
};

/** Settings of a slot for sampling: temperature 1, no top-k, top-p 0.9, a seed. */
const settingWords = [1, 0, 0.9, 0].map((value) =>
  new Uint32Array(Float32Array.of(value).buffer)[0]
);
const settings = (i: number) => [...settingWords, 7, 0, 0, 0, 0, 0, 0, 0][i % 12];

/** Weights of which a sum over K stays as large as its addends. */
function addends(K: number): () => number {
  const next = normal(3);
  return () => next() / Math.sqrt(K);
}

/** What a decoding step does, for a token of each of a few sequences. */
export const DECODING_CASES: readonly KernelCaseMaker[] = [
  {
    name: "embedding rows",
    at: (sizes) => {
      const { C, T, V } = sizes;
      return {
        op: embeddingRowsForward,
        reference: embeddingReference.embeddingRowsForward,
        tensors: {
          rows: input([DECODED, 4], decodedRow(sizes), "u32"),
          last: input([DECODED], () => 0, "u32"),
          wte: input([V, C]),
          wpe: input([T, C], normal(3)),
          x: output([DECODED, C]),
        },
        sizes: { M: DECODED, C },
        bytes: 12 * DECODED * C,
      };
    },
  },
  {
    name: "layernorm rows",
    at: ({ C }) => ({
      op: layernormRowsForward,
      reference: (t, sizes) =>
        layernormReference.layernormForward(
          { ...t, mean: new Float64Array(DECODED), rstd: new Float64Array(DECODED) },
          sizes,
        ),
      tensors: {
        x: input([DECODED, C]),
        gain: input([C], normal(3)),
        bias: input([C], normal(5)),
        y: output([DECODED, C]),
      },
      sizes: { N: DECODED, C },
      tolerance: C < 8 ? 1e-3 : 5e-5,
    }),
  },
  {
    name: "qkv rows",
    at: (sizes) => {
      const { C, T } = sizes;
      return {
        op: qkvForward,
        reference: linearReference.qkvForward,
        tensors: {
          x: input([DECODED, C]),
          w: input([C, 3 * C], addends(C)),
          bias: input([3 * C], normal(5)),
          q: output([DECODED, C]),
          keys: update([DECODED * T, C], normal(7)),
          values: update([DECODED * T, C], normal(9)),
          rows: input([DECODED, 4], decodedRow(sizes), "u32"),
        },
        sizes: { M: DECODED, C },
        tolerance: 1e-4,
        operations: 6 * DECODED * C * C,
        bytes: 4 * C * (3 * C + 7 * DECODED),
      };
    },
  },
  ...(["projection", "up", "down"] as const).map((layer) => ({
    name: `linear rows ${layer}`,
    at: (sizes: ModelSizes) => {
      const [K, N] = LAYERS[layer](sizes);
      return {
        op: linearForward,
        reference: linearReference.linearForward,
        tensors: {
          x: input([DECODED, K]),
          w: input([K, N], addends(K)),
          bias: input([N], normal(5)),
          y: output([DECODED, N]),
        },
        options: { layout: "NN" },
        sizes: { rows: DECODED, K, N },
        tolerance: 1e-4,
        operations: 2 * DECODED * K * N,
      };
    },
  })),
  {
    name: "paged attention",
    at: ({ C, T, heads }) => {
      const W = Math.ceil(T / 16);
      return {
        op: pagedAttentionForward,
        reference: pagedAttentionReference.pagedAttentionForward,
        tensors: {
          q: input([DECODED, C]),
          keys: input([DECODED * W * 16, C], normal(3)),
          values: input([DECODED * W * 16, C], normal(5)),
          rows: input([DECODED, 4], (i) => [i >> 2, T - 1, 0, 0][i & 3], "u32"),
          blocks: input([DECODED, W], (i) => i, "u32"),
          y: output([DECODED, C]),
        },
        options: { heads, rows: DECODED },
        sizes: { M: DECODED, C, W },
        operations: 4 * DECODED * T * C,
      };
    },
  },
  {
    // Made for models as small as this one.
    name: "paged attention projected",
    at: ({ T }) => {
      const [C, heads, W] = [128, 4, Math.ceil(T / 16)];
      return {
        op: pagedAttentionProjected,
        reference: pagedAttentionReference.pagedAttentionProjected,
        tensors: {
          q: input([1, C]),
          keys: inTexture(input([W * 16, C], normal(3))),
          values: inTexture(input([W * 16, C], normal(5))),
          rows: input([1, 4], (i) => i === 1 ? T - 1 : 0, "u32"),
          blocks: input([1, W], (i) => i, "u32"),
          w: inTexture(input([C, C], normal(7))),
          add: input([1, C], normal(9)),
          y: output([1, C]),
        },
        options: { heads },
        sizes: { C, W },
        tolerance: 1e-4,
        operations: 4 * T * C + 2 * C * C,
      };
    },
  },
  {
    name: "linear rows head",
    at: ({ C, V }) => ({
      op: linearForward,
      reference: linearReference.linearForward,
      tensors: {
        x: input([DECODED, C]),
        w: input([V, C], addends(C)),
        y: output([DECODED, V]),
      },
      options: { layout: "NT" },
      sizes: { rows: DECODED, K: C, N: V },
      tolerance: 1e-4,
      operations: 2 * DECODED * C * V,
    }),
  },
  {
    name: "adjust logits",
    at: ({ V }) => ({
      op: adjustLogits,
      reference: adjustLogitsReference.adjustLogits,
      tensors: {
        logits: input([DECODED, V]),
        picks: input([DECODED, 4], (i) => i >> 2, "u32"),
        settings: input([DECODED, 12], (i) => i % 12 === 6 ? 1 : settings(i), "u32"),
        counts: input([DECODED, V], (i) => i % 3, "u32"),
        bias: input([DECODED, V], normal(5)),
        masks: input([DECODED, Math.ceil(V / 32)], (i) => (i * 2654435761) % 2 ** 32, "u32"),
        y: output([DECODED, V]),
      },
      options: { rows: DECODED },
      sizes: { R: DECODED, V },
    }),
  },
  {
    name: "sample",
    at: ({ V }) => ({
      op: sampleTokens,
      reference: sampleReference.sampleTokens,
      tensors: {
        logits: input([DECODED, V]),
        picks: input([DECODED, 4], (i) => [0, i >> 2, 7, 0][i & 3], "u32"),
        settings: input([DECODED, 12], settings, "u32"),
        last: update([DECODED], () => 5, "u32"),
        counts: update([DECODED, V], (i) => i % 9, "u32"),
        chosen: update([DECODED], () => 3, "u32"),
      },
      options: { rows: DECODED, lanes: 8 },
      sizes: { R: DECODED, V, random: threefry2x32 },
      tolerance: 0,
    }),
  },
  {
    name: "log probabilities",
    at: ({ V }) => ({
      op: logProbabilities,
      reference: logProbabilityReference.logProbabilities,
      tensors: {
        logits: input([DECODED, V]),
        picks: input([DECODED, 4], () => Math.min(6, V), "u32"),
        tokens: input([DECODED], (i) => (i * 31) % V, "u32"),
        ids: update([DECODED, 21], () => 7, "u32"),
        values: update([DECODED, 21]),
      },
      options: { rows: DECODED, lanes: 8 },
      sizes: { R: DECODED, V },
    }),
  },
  {
    name: "gather rows",
    at: ({ B, T, C }) => ({
      op: gatherRows,
      reference: gatherReference.gatherRows,
      tensors: {
        x: input([B * T, C]),
        rows: input([DECODED], (i) => (i * 7) % (B * T), "u32"),
        y: output([DECODED, C]),
      },
      sizes: { C },
      bytes: 8 * DECODED * C,
    }),
  },
  {
    name: "adapter rows",
    at: (sizes) => {
      const { C } = sizes;
      const [S, R, N] = [4, 8, 3 * C];
      return {
        op: adapterRowsForward,
        reference: adapterRowsReference.adapterRowsForward,
        tensors: {
          x: input([DECODED, C]),
          rows: input([DECODED, 4], decodedRow(sizes), "u32"),
          adapters: input([DECODED], (slot) => slot % (S + 1), "u32"),
          a: input([S, R, C], normal(3)),
          b: input([S, N, R], normal(5)),
          low: scratch([DECODED, R]),
          y: output([DECODED, N]),
        },
        sizes: { M: DECODED, K: C, N, R, S },
        tolerance: 5e-4,
      };
    },
  },
  {
    name: "pool rows",
    at: ({ B, T, C }) => ({
      op: poolRows,
      reference: poolRowsReference.poolRows,
      tensors: {
        x: input([B * T, C]),
        rows: input([B * T, 4], (i) => (i >> 2) % DECODED, "u32"),
        sums: accumulate([DECODED, C]),
      },
      sizes: { M: B * T, C },
      tolerance: 5e-5,
    }),
  },
];
