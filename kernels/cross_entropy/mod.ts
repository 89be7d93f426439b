import { assertShapes, type Pass, type Tensor } from "../gpu/mod.ts";
import { type CrossEntropyVariant, crossEntropyWgsl, ROW_LANES } from "./cross_entropy.wgsl.ts";

/** Tensors of {@linkcode crossEntropyForward}. */
export interface CrossEntropyTensors {
  /** [rows, V]. */
  logits: Tensor;
  /** Index of the right column, i32 [rows]; −1 where there is none. */
  targets: Tensor;
  /** Weight of each row, [rows]. @default 1 each */
  weights?: Tensor;
  /** [rows]. */
  losses: Tensor;
}

/** Options of {@linkcode crossEntropyForward}. */
export interface CrossEntropyOptions {
  /**
   * Share ε of each target that is spread over all columns, in [0, 1). Source: Szegedy et al. 2016,
   * "Rethinking the Inception Architecture for Computer Vision". @default 0
   */
  smoothing?: number;
}

/**
 * Widest row that a thread works on alone, and where textures pay, as on a CPU, and barriers do not: of
 * 384 rows of 3,136 columns 64 threads each took 51 ms there, one thread each 18 ms.
 */
const [ALONE, ALONE_ON_CPU] = [2048, 8192];

/**
 * Softmax cross-entropy of rows, in nats:
 * losses[i] = weights[i]·(−log softmax(logits[i])[targets[i]]), 0 where the target is −1. Overwrites
 * losses. Targets must be below V.
 *
 * @throws {RangeError} if shapes do not fit each other
 */
export function crossEntropyForward(
  pass: Pass,
  t: CrossEntropyTensors,
  options: CrossEntropyOptions = {},
): void {
  launch(pass, "crossEntropyForward", t, options);
}

/**
 * As {@linkcode crossEntropyForward}, and overwrites logits with their gradient:
 * (softmax(logits[i]) − onehot(targets[i]))·weights[i]·scale[0], 0 where the target is −1.
 *
 * @param t as for the forward pass, and scale [1], such as 1 / the total weight
 * @throws {RangeError} if shapes do not fit each other
 */
export function crossEntropyBackward(
  pass: Pass,
  t: CrossEntropyTensors & { scale: Tensor },
  options: CrossEntropyOptions = {},
): void {
  launch(pass, "crossEntropyBackward", t, options);
}

function launch(
  pass: Pass,
  op: string,
  t: CrossEntropyTensors & { scale?: Tensor },
  { smoothing = 0 }: CrossEntropyOptions,
): void {
  const { logits, targets, weights, losses, scale } = t;
  if (logits.shape.length !== 2) {
    throw new RangeError(`Cannot run ${op}: logits must be [rows, V], got [${logits.shape}]`);
  }
  const [rows, V] = logits.shape;
  assertShapes(op, { targets, weights, losses, scale }, {
    targets: [rows],
    weights: [rows],
    losses: [rows],
    scale: [1],
  });
  const lanes = V > (logits.device.prefersTextures ? ALONE_ON_CPU : ALONE) ? ROW_LANES : 1;
  const variant: CrossEntropyVariant = {
    lanes,
    weighted: weights !== undefined,
    backward: scale !== undefined,
    smoothed: smoothing > 0,
  };
  pass.launch(
    {
      label: `cross_entropy/${scale ? "backward" : "forward"} ${lanes} lanes`,
      code: crossEntropyWgsl(variant),
    },
    { logits, targets, losses, ...(weights ? { weights } : {}), ...(scale ? { scale } : {}) },
    { rows, V, ...(variant.smoothed ? { smoothing } : {}) },
    { threads: rows * lanes },
  );
}
