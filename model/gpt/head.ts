import {
  biasGradient,
  biasGradientPartialShape,
  binaryCrossEntropyBackward,
  binaryCrossEntropyForward,
  crossEntropyBackward,
  crossEntropyForward,
  fill,
  gatherRows,
  gatherRowsBackward,
  matmul,
  type Pass,
  type Tensor,
} from "../../kernels/mod.ts";
import { type GptConfig, logitColumns } from "../config.ts";
import type { GptGradients, GptParameters } from "./parameters.ts";
import { rowRanges } from "./ranges.ts";
import type { TensorMaker } from "./shared_tensors.ts";

/**
 * What the output layer and the loss need; N = B·T rows, or N = B where a head tells whole texts; V
 * the vocabulary or the classes.
 */
export interface Head extends Disposable {
  /** Logits of some rows at a time, [R, V]: those of all N rows never exist together. */
  logits: Tensor;
  /** Target of each row, −1 for none, i32 [N]. */
  targets: Tensor;
  /** Weight of each target, [N]. */
  weights: Tensor;
  /** 1 / total weight of an iteration's targets, [1]. */
  scale: Tensor;
  /** Weighted cross-entropy of each row, [N]. */
  losses: Tensor;
  /** Where a head tells whole texts: which rows of B·T it reads, u32 [B]; those, and their gradient, [B, C]. */
  texts?: { rows: Tensor; x: Tensor; dx: Tensor };
  /** Where a text may be of several classes: 1 for each of them, else 0, [B, V]. */
  labels?: Tensor;
  /** Scratch of the gradient of a head's bias. */
  biasPartial?: Tensor;
  /** Share of each target that training spreads over all columns. */
  smoothing: number;
}

/** The output layer: [V, C], and a bias [V] where there is one. */
type HeadWeights = Pick<GptParameters, "head" | "headBias">;

/** Most bytes that logits may take. */
const LOGITS_BYTES = 64 * 2 ** 20;

/** Allocates the output layer's tensors. */
export function createHead(
  device: TensorMaker,
  config: Pick<GptConfig, "channels" | "vocabularySize" | "head">,
  { B, T, labelSmoothing = 0 }: { B: number; T: number; labelSmoothing?: number },
): Head {
  const { channels: C, head } = config;
  const V = logitColumns(config);
  const N = head?.of === "text" ? B : B * T;
  const stack = new DisposableStack();
  const tensor = (label: string, shape: number[], type: "f32" | "u32" | "i32" = "f32") =>
    stack.use(device.tensor(label, shape, type));
  const rows = rowRanges(N, 4 * V, Math.min(device.maxBindingBytes, LOGITS_BYTES))[0].end;
  return {
    logits: tensor("logits", [rows, V]),
    targets: tensor("targets", [N], "i32"),
    weights: tensor("target weights", [N]),
    scale: tensor("loss scale", [1]),
    losses: tensor("losses of rows", [N]),
    ...(head?.of === "text" && {
      texts: {
        rows: tensor("rows of texts", [B], "u32"),
        x: tensor("texts", [B, C]),
        dx: tensor("dtexts", [B, C]),
      },
    }),
    ...(head?.multiLabel && { labels: tensor("labels", [B, V]) }),
    ...(head?.of === "token" && {
      biasPartial: tensor("head bias partials", biasGradientPartialShape([rows, V])),
    }),
    smoothing: labelSmoothing,
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/**
 * Writes down logits and losses, without gradients and without smoothing.
 *
 * @param x the last layer norm's result, [N, C]
 */
export function headForward(pass: Pass, weights: HeadWeights, head: Head, x: Tensor): void {
  for (const part of parts(head, readRows(pass, head, x))) {
    outputForward(pass, weights.head, part, weights.headBias);
    const { logits, targets, labels, losses } = part;
    const t = { logits, weights: part.weights, losses };
    if (labels) binaryCrossEntropyForward(pass, { ...t, labels });
    else crossEntropyForward(pass, { ...t, targets });
  }
}

/**
 * Writes down logits, losses and their way back, some rows at a time: the logits become their own
 * gradient before the next rows take their place. Rows are cut, not the vocabulary: a row's softmax
 * needs all of its logits, so that parts of it would have to be computed twice.
 *
 * Overwrites dx with the gradient of x, the last layer norm's result; adds to the output layer's.
 */
export function headForwardBackward(
  pass: Pass,
  weights: HeadWeights,
  gradients: Pick<GptGradients, "head" | "headBias">,
  head: Head,
  { x, dx }: { x: Tensor; dx: Tensor },
): void {
  const into = parts(head, head.texts?.dx ?? dx);
  parts(head, readRows(pass, head, x)).forEach((part, i) => {
    const { logits, targets, labels, losses } = part;
    outputForward(pass, weights.head, part, weights.headBias);
    const t = { logits, weights: part.weights, losses, scale: head.scale };
    if (labels) binaryCrossEntropyBackward(pass, { ...t, labels });
    else crossEntropyBackward(pass, { ...t, targets }, { smoothing: head.smoothing });
    outputBackward(pass, weights.head, gradients.head, part, into[i].x);
    if (gradients.headBias) {
      const partial = head.biasPartial!.view(0, biasGradientPartialShape(logits.shape));
      biasGradient(pass, { dy: logits, dbias: gradients.headBias, partial });
    }
  });
  if (!head.texts) return;
  fill(pass, { x: dx }, { value: 0 });
  gatherRowsBackward(pass, { dy: head.texts.dx, rows: head.texts.rows, dx });
}

/** The rows that the head reads: all of the last layer norm's result, or those that end the texts. */
function readRows(pass: Pass, { texts }: Head, x: Tensor): Tensor {
  if (!texts) return x;
  gatherRows(pass, { x, rows: texts.rows, y: texts.x });
  return texts.x;
}

interface Part {
  /** Rows of the last layer norm's result, [R, C]. */
  x: Tensor;
  logits: Tensor;
  targets: Tensor;
  weights: Tensor;
  labels?: Tensor;
  losses: Tensor;
}

function parts(head: Head, x: Tensor): Part[] {
  const [N, C] = x.shape;
  const [R, V] = head.logits.shape;
  return Array.from({ length: Math.ceil(N / R) }, (_, i) => {
    const rows = Math.min(R, N - i * R);
    return {
      x: x.view(i * R * C, [rows, C]),
      logits: head.logits.view(0, [rows, V]),
      targets: head.targets.view(i * R, [rows]),
      weights: head.weights.view(i * R, [rows]),
      ...(head.labels && { labels: head.labels.view(i * R * V, [rows, V]) }),
      losses: head.losses.view(i * R, [rows]),
    };
  });
}

/** logits = x·wᵀ (+ bias) with w [V, C], as many rows of w at a time as may be bound. */
export function outputForward(
  pass: Pass,
  w: Tensor,
  { x, logits }: { x: Tensor; logits: Tensor },
  bias?: Tensor,
): void {
  for (const { columns: [start, end], rows } of vocabularyParts(w)) {
    matmul(
      pass,
      { a: x, b: rows, y: logits, ...(bias && { bias: bias.view(start, [end - start]) }) },
      { layout: "NT", columnsOfY: [start, end] },
    );
  }
}

/** dx = dlogits·w (overwrites); dw += dlogitsᵀ·x, unless w is frozen. */
function outputBackward(
  pass: Pass,
  w: Tensor,
  dw: Tensor | undefined,
  { x, logits }: Part,
  dx: Tensor,
): void {
  const dwParts = dw && vocabularyParts(dw);
  vocabularyParts(w).forEach(({ columns, rows }, i) => {
    const options = { columnsOfA: columns, accumulate: i > 0 };
    matmul(pass, { a: logits, b: rows, y: dx }, { layout: "NN", ...options });
    if (!dwParts) return;
    matmul(pass, { a: logits, b: x, y: dwParts[i].rows }, {
      layout: "TN",
      columnsOfA: columns,
      accumulate: true,
    });
  });
}

/** Rows of w that may be bound, and that a texture holds where products read from textures. */
function vocabularyParts(w: Tensor): { columns: [number, number]; rows: Tensor }[] {
  const [V, C] = w.shape;
  const { maxBindingBytes, prefersTextures, gpu } = w.device;
  const rows = prefersTextures ? gpu.limits.maxTextureDimension2D : Infinity;
  return rowRanges(V, 4 * C, Math.min(maxBindingBytes, 4 * C * rows)).map(({ start, end }) => ({
    columns: [start, end],
    rows: w.view(start * C, [end - start, C]),
  }));
}
