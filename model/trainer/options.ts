import type { TuneEvent } from "../../kernels/mod.ts";
import type { AnyBatch } from "../network.ts";
import type { Evaluator } from "./evaluator.ts";
import type { ScheduleOptions } from "./schedule.ts";

/** Options of the optimizer, AdamW. */
export interface OptimizerOptions {
  /** Decay of the gradient's mean. @default 0.9 */
  beta1: number;
  /** Decay of the gradient's mean square. @default 0.99 */
  beta2: number;
  /** Added to the denominator. @default 1e-8 */
  epsilon: number;
  /** Decoupled decay of matrices, embeddings among them. @default 0.1 */
  weightDecay: number;
  /** Largest global norm of the gradient; 0 for no clipping. @default 1 */
  gradientClip: number;
}

/** Options of a {@linkcode Trainer}. */
export interface TrainOptions extends OptimizerOptions, ScheduleOptions {
  /** Rows of a batch, B. @default 12 */
  batchSize: number;
  /** Tokens of a row, T. @default the model's context */
  context?: number;
  /** Tokens that the rows of a batch may have, where batches differ. @default `context` alone */
  lengths?: readonly number[];
  /** Parameters that stay as they are: patterns of a name's part, as `wte|h[.][01][.]`. @default none */
  freeze?: readonly string[];
  /** Evaluations without a better one after which training ends; 0 for no such end. @default 0 */
  patience: number;
  /** Micro-batches of an iteration. @default 1 */
  accumulationSteps: number;
  /** The last iteration, counted from 1. @default 600 */
  iterations: number;
  /** Computes a block's activations again on the way back instead of keeping them. @default false */
  recompute: boolean;
  /**
   * Type that matrices and activations have in products; parameters, their gradients and all sums stay
   * f32, and the loss is scaled so that small gradients do not vanish. @default "f32"
   */
  precision: "f32" | "f16";
  /** Whether attention keeps to the documents that batches tell of. @default false */
  documentMask: boolean;
  /** Whether positions restart with each of those documents. @default false */
  restartPositions: boolean;
  /** Share of each target that is spread over all tokens, in [0, 1). @default 0 */
  labelSmoothing: number;
  /** Seed of dropout. @default 1 */
  seed: number;
  /** Iterations between evaluations; 0 for none. @default 100 */
  evalInterval: number;
  /** Iterations between checkpoints; 0 for the last one only. @default 100 */
  saveInterval: number;
  /** Checkpoints kept beside the best. @default 2 */
  keepCheckpoints: number;
  /** Iterations between samples; 0 for none. @default 200 */
  sampleInterval: number;
}

/** Defaults of {@linkcode TrainOptions}; the rates are those of nanoGPT's recipe for a CPU. */
export const TRAIN_DEFAULTS: TrainOptions = {
  batchSize: 12,
  accumulationSteps: 1,
  iterations: 600,
  learningRate: 1e-3,
  minLearningRate: 1e-4,
  warmupIterations: 100,
  decayIterations: 600,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0.1,
  gradientClip: 1,
  recompute: false,
  precision: "f32",
  patience: 0,
  documentMask: false,
  restartPositions: false,
  labelSmoothing: 0,
  seed: 1,
  evalInterval: 100,
  saveInterval: 100,
  keepCheckpoints: 2,
  sampleInterval: 200,
};

/** What an evaluation found. */
export interface Measured {
  /** Mean loss over the validation split, in nats. */
  validationLoss: number;
  /** The task's own measure, such as accuracy: the higher the better. */
  score?: number;
}

/** Where a trainer's data comes from and its results go. */
export interface TrainInputs {
  /** Batches from the trainer's next one on; see `batches` of the data toolkit. */
  batches: ReadableStream<AnyBatch>;
  /** The validation split's batches, anew for each evaluation. */
  validation?: () => ReadableStream<AnyBatch>;
  /** Takes the place of measuring the loss of `validation`, where a task has a measure of its own. */
  evaluate?: (evaluator: Evaluator) => Promise<Measured>;
  /** Writes a sample with the model as it is. */
  sample?: () => Promise<string>;
  /** The run's folder; checkpoints go to `checkpoints/` in it. Without one nothing is saved. */
  folder?: string;
  /** Ends training after the iteration under way. */
  signal?: AbortSignal;
  /**
   * A tuner whose variants give the same bits: its work is done between iterations, once training has
   * lasted a few seconds, and what it chooses is used from then on.
   */
  tuning?: AsyncGenerator<TuneEvent>;
  /** Takes the time of every kernel of one iteration, the fourth of this call. @default false */
  profile?: boolean;
}

/**
 * Checks a trainer's options.
 *
 * @throws {RangeError} naming the option, its value and what it must be
 */
export function assertTrainOptions(options: TrainOptions): void {
  const fail = (name: keyof TrainOptions, rule: string): never => {
    throw new RangeError(`Cannot train: ${name} must be ${rule}, got ${options[name]}`);
  };
  for (const name of ["batchSize", "accumulationSteps", "iterations", "keepCheckpoints"] as const) {
    if (!Number.isInteger(options[name]) || options[name] < 1) {
      fail(name, "a whole number of at least 1");
    }
  }
  for (
    const name of [
      ...[
        "evalInterval",
        "saveInterval",
        "sampleInterval",
        "warmupIterations",
        "patience",
      ] as const,
    ]
  ) {
    if (!Number.isInteger(options[name]) || options[name] < 0) {
      fail(name, "a whole number of at least 0");
    }
  }
  for (const name of ["learningRate", "minLearningRate", "weightDecay", "gradientClip"] as const) {
    if (!(options[name] >= 0 && options[name] < Infinity)) fail(name, "a number of at least 0");
  }
  for (const name of ["beta1", "beta2", "labelSmoothing"] as const) {
    if (!(options[name] >= 0 && options[name] < 1)) fail(name, "in [0, 1)");
  }
  if (!["f32", "f16"].includes(options.precision)) fail("precision", "f32 or f16");
  if (!(options.epsilon > 0)) fail("epsilon", "above 0");
  if (options.restartPositions && !options.documentMask) {
    throw new RangeError("Cannot train: restartPositions goes with documentMask only");
  }
}
