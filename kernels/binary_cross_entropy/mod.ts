import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { binaryCrossEntropyWgsl } from "./binary_cross_entropy.wgsl.ts";

/** Tensors of {@linkcode binaryCrossEntropyForward}. */
export interface BinaryCrossEntropyTensors {
  /** [rows, K]. */
  logits: Tensor;
  /** 1 for each class that a row is of, else 0, [rows, K]. */
  labels: Tensor;
  /** Weight of each row, [rows]. */
  weights: Tensor;
  /** [rows]. */
  losses: Tensor;
}

/**
 * Binary cross-entropy with logits, in nats, the mean over the K classes of a row:
 * losses[i] = weights[i]/K·Σ_k −log σ(±logits[i][k]). Overwrites losses.
 *
 * Source: that of PyTorch's `BCEWithLogitsLoss`, in the form that no logit overflows.
 *
 * @throws {RangeError} if the shapes do not fit
 */
export function binaryCrossEntropyForward(pass: Pass, t: BinaryCrossEntropyTensors): void {
  launch(pass, "binaryCrossEntropyForward", t);
}

/**
 * As {@linkcode binaryCrossEntropyForward}, and overwrites logits with their gradient:
 * (σ(logits[i][k]) − labels[i][k])·weights[i]·scale[0]/K.
 *
 * @param t as for the forward pass, and scale [1], such as 1 / the total weight
 * @throws {RangeError} if the shapes do not fit
 */
export function binaryCrossEntropyBackward(
  pass: Pass,
  t: BinaryCrossEntropyTensors & { scale: Tensor },
): void {
  launch(pass, "binaryCrossEntropyBackward", t);
}

function launch(
  pass: Pass,
  op: string,
  t: BinaryCrossEntropyTensors & { scale?: Tensor },
): void {
  const [rows, K] = t.logits.shape;
  assertShapes(op, { ...t }, {
    ...{ logits: [rows, K], labels: [rows, K], weights: [rows], losses: [rows], scale: [1] },
  });
  const backward = t.scale !== undefined;
  pass.launch(
    {
      label: `binary_cross_entropy/${backward ? "backward" : "forward"}`,
      code: binaryCrossEntropyWgsl({ backward }),
    },
    { ...t },
    { rows, K },
    { threads: rows },
  );
}
