import {
  crossEntropyBackward,
  crossEntropyForward,
  type Device,
  matmul,
  type Pass,
  type Tensor,
} from "../../kernels/mod.ts";
import type { GptConfig } from "../config.ts";
import type { ActivationGradients, Activations } from "./activations.ts";
import type { GptParameters } from "./parameters.ts";
import { rowRanges } from "./ranges.ts";

/** What the output layer and the loss need; N = B·T rows. */
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
}

/** Most bytes that logits may take. */
const LOGITS_BYTES = 64 * 2 ** 20;

/** Allocates the output layer's tensors. */
export function createHead(
  device: Device,
  { vocabularySize: V }: GptConfig,
  { B, T }: { B: number; T: number },
): Head {
  const N = B * T;
  const stack = new DisposableStack();
  const rows = rowRanges(N, 4 * V, Math.min(device.maxBindingBytes, LOGITS_BYTES))[0].end;
  return {
    logits: stack.use(device.tensor("logits", [rows, V])),
    targets: stack.use(device.tensor("targets", [N], "i32")),
    weights: stack.use(device.tensor("target weights", [N])),
    scale: stack.use(device.tensor("loss scale", [1])),
    losses: stack.use(device.tensor("losses of rows", [N])),
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/** Writes down logits and losses, without gradients. */
export function headForward(pass: Pass, weights: GptParameters, head: Head, a: Activations): void {
  for (const part of parts(head, a.norm.y)) {
    outputForward(pass, weights.head, part);
    const { logits, targets, losses } = part;
    crossEntropyForward(pass, { logits, targets, weights: part.weights, losses });
  }
}

/**
 * Writes down logits, losses and their way back, some rows at a time: the logits become their own
 * gradient before the next rows take their place.
 *
 * Overwrites `d.narrow` with the gradient of the last layer norm's result; adds to the output layer's.
 */
export function headForwardBackward(
  pass: Pass,
  weights: GptParameters,
  gradients: GptParameters,
  head: Head,
  a: Activations,
  d: ActivationGradients,
): void {
  const into = parts(head, d.narrow);
  parts(head, a.norm.y).forEach((part, i) => {
    const { logits, targets, losses } = part;
    outputForward(pass, weights.head, part);
    crossEntropyBackward(pass, {
      logits,
      targets,
      weights: part.weights,
      losses,
      scale: head.scale,
    });
    outputBackward(pass, weights.head, gradients.head, part, into[i].x);
  });
}

interface Part {
  /** Rows of the last layer norm's result, [R, C]. */
  x: Tensor;
  logits: Tensor;
  targets: Tensor;
  weights: Tensor;
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
      losses: head.losses.view(i * R, [rows]),
    };
  });
}

/** logits = x·wᵀ with w [V, C], as many rows of w at a time as may be bound. */
export function outputForward(
  pass: Pass,
  w: Tensor,
  { x, logits }: { x: Tensor; logits: Tensor },
): void {
  for (const { columns, rows } of vocabularyParts(w)) {
    matmul(pass, { a: x, b: rows, y: logits }, { layout: "NT", columnsOfY: columns });
  }
}

/** dx = dlogits·w (overwrites); dw += dlogitsᵀ·x. */
function outputBackward(pass: Pass, w: Tensor, dw: Tensor, { x, logits }: Part, dx: Tensor): void {
  const dwParts = vocabularyParts(dw);
  vocabularyParts(w).forEach(({ columns, rows }, i) => {
    const options = { columnsOfA: columns, accumulate: i > 0 };
    matmul(pass, { a: logits, b: rows, y: dx }, { layout: "NN", ...options });
    matmul(pass, { a: logits, b: x, y: dwParts[i].rows }, {
      layout: "TN",
      columnsOfA: columns,
      accumulate: true,
    });
  });
}

function vocabularyParts(w: Tensor): { columns: [number, number]; rows: Tensor }[] {
  const [V, C] = w.shape;
  return rowRanges(V, 4 * C, w.device.maxBindingBytes).map(({ start, end }) => ({
    columns: [start, end],
    rows: w.view(start * C, [end - start, C]),
  }));
}
