import type { Batch, TaskBatch } from "../data/mod.ts";
import type { Device, Pass } from "../kernels/mod.ts";
import type { ParameterShape } from "./checkpoint/mod.ts";
import type { ClassHead } from "./config.ts";
import type { Dropout, Head, ParameterSet, TensorMaker } from "./gpt/mod.ts";

/** A batch of any kind: of tokens that follow one another, or of a task's examples. */
export type AnyBatch = Batch | TaskBatch;

/** Shape of the batches of some passes, and what is kept of them. */
export interface PassOptions {
  /** Rows of a batch. */
  B: number;
  /** Tokens of a row. */
  T: number;
  /** Whether a backward pass will follow; without one all blocks share their memory. */
  training: boolean;
  /** Whether the backward pass computes again what blocks do not keep. @default false */
  recompute?: boolean;
  /**
   * The matrices in f16, which products on the road forward and back read instead of the parameters;
   * what they read and write beside them is f16 too. @default none: all is f32
   */
  matrices?: ParameterSet;
  /** Whether attention keeps to the documents of a row. @default false */
  documentMask?: boolean;
  /** Whether positions restart with each document. @default false */
  restartPositions?: boolean;
  /** Share of each target that training spreads over all tokens, in [0, 1). @default 0 */
  labelSmoothing?: number;
}

/** The passes over batches of one shape. */
export interface Passes extends Disposable {
  /** Output layer, targets and losses. */
  readonly head: Head;
  /** Bytes of GPU memory that activations take. */
  readonly bytes: number;
  /** Copies what the model reads of a batch to the GPU; its targets are the head's. */
  write(batch: AnyBatch): void;
  /** Writes down the forward pass, up to the losses. */
  forward(pass: Pass): void;
  /** Writes down the forward pass and the road back, which adds to the gradients. */
  forwardBackward(pass: Pass, gradients: ParameterSet, dropout?: Dropout): void;
}

/** A model as a trainer sees it. */
export interface Network extends Disposable {
  /** Where it is. */
  readonly device: Device;
  /** Its shape and options. */
  readonly config: {
    /** Longest row in tokens. */
    context: number;
    /** Share of activations that training drops. */
    dropout: number;
    /** Adapters, with a dropout of their own. */
    lora?: { dropout: number };
    /** A head that tells classes. */
    head?: ClassHead;
  };
  /** Its weights. */
  readonly parameters: ParameterSet;
  /** The parameters in the order of the forward pass. */
  readonly shapes: readonly ParameterShape[];
  /** Allocates what passes over batches of a shape need. */
  passes(tensors: TensorMaker, options: PassOptions): Passes;
  /** Saves the model to a folder. */
  save(folder: string): Promise<void>;
}
