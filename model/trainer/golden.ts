import type { Batch } from "../../data/mod.ts";
import type { Device } from "../../kernels/mod.ts";
import type { GptConfig } from "../config.ts";
import { Gpt } from "../gpt/mod.ts";
import { TRAIN_DEFAULTS } from "./options.ts";
import { TrainingStep } from "./step.ts";

/** A model whose products, attention and norms take the roads that larger models take. */
export const GOLDEN_CONFIG: GptConfig = {
  ...{ layers: 2, heads: 4, channels: 64, context: 16, vocabularySize: 128 },
  ...{ dropout: 0, bias: true, tie: true },
};

/** AdamW as PyTorch was given it. */
export const GOLDEN_ADAMW = {
  ...{ learningRate: 1e-3, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 },
  ...{ weightDecay: 0.1, gradientClip: 1 },
};

/** What PyTorch computed in float64: see tests/golden/generate.py. */
export const GOLDEN = {
  /** Global norm of the first gradient. */
  gradientNorm: 4.27651191995266,
  /** Loss before each of ten updates. */
  losses: [
    ...[5.5983756767881285, 4.765158743180656, 4.0484539197810685, 3.4478864441319406],
    ...[2.927406646770457, 2.4618002851875667, 2.0449764663504357, 1.6811414380197722],
    ...[1.3731822657974788, 1.1172909848638348],
  ],
};

/** Largest difference in a loss, in nats. */
const LOSS_TOLERANCE = 5e-5;

/** Largest relative difference of the gradient's norm. */
const NORM_TOLERANCE = 2e-5;

/**
 * Trains a small model for ten steps, with weights that are a formula, and compares with what PyTorch
 * made of the same.
 *
 * @returns what differs, a sentence each; nothing where all is well
 */
export async function checkTraining(device: Device): Promise<string[]> {
  using model = goldenModel(device);
  const options = { ...TRAIN_DEFAULTS, ...GOLDEN_ADAMW, batchSize: 2 };
  using step = await TrainingStep.create(model, options);
  const batch = goldenBatch();
  GOLDEN.losses.forEach((_, i) => step.run([batch], i + 1, GOLDEN_ADAMW.learningRate));
  const results = await step.read();
  const differences = results.flatMap(({ loss }, i) =>
    Math.abs(loss - GOLDEN.losses[i]) <= LOSS_TOLERANCE
      ? []
      : [`The loss of step ${i + 1} is ${loss}, PyTorch's is ${GOLDEN.losses[i]}`]
  );
  const [{ gradientNorm }] = results;
  if (!(Math.abs(gradientNorm / GOLDEN.gradientNorm - 1) <= NORM_TOLERANCE)) {
    differences.unshift(
      `The norm of the first gradient is ${gradientNorm}, PyTorch's is ${GOLDEN.gradientNorm}`,
    );
  }
  return differences;
}

/** The model before its first step: numbers of a linear congruential generator, name after name. */
function goldenModel(device: Device): Gpt {
  const model = Gpt.create(device, GOLDEN_CONFIG, { seed: 1 });
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  const names = [...model.parameters.tensors.keys()].sort();
  for (const name of names) {
    const tensor = model.parameters.get(name);
    const gain = tensor.shape.length === 1 && name.endsWith(".weight") ? 1 : 0;
    tensor.write(Float32Array.from({ length: tensor.size }, () => gain + uniform() / 2));
  }
  return model;
}

function goldenBatch(): Batch {
  const { context: T, vocabularySize: V } = GOLDEN_CONFIG;
  const numbers = (factor: number, first: number) =>
    Array.from({ length: 2 * T }, (_, i) => (i * factor + first) % V);
  return {
    ...{ index: 0, B: 2, T },
    tokens: Uint32Array.from(numbers(7, 3)),
    targets: Int32Array.from(numbers(5, 1)),
  };
}
