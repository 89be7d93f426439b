import type { Span, TuneEvent } from "../../kernels/mod.ts";

/** What a trainer tells while it works; iterations count from 1. */
export type TrainEvent =
  | StartEvent
  | StepEvent
  | EvaluationEvent
  | SampleEvent
  | CheckpointEvent
  | TuningEvent
  | ProfileEvent
  | EndEvent;

/** Training begins. */
export interface StartEvent {
  /** `start`. */
  type: "start";
  /** Iterations done before: 0, or those of the checkpoint that training goes on from. */
  iteration: number;
  /** The last iteration. */
  iterations: number;
  /** Number of parameters that are trained. */
  parameters: number;
  /** Tokens of an iteration at most: batch size × context × accumulation steps. */
  tokensPerIteration: number;
}

/** An iteration is done. */
export interface StepEvent {
  /** `step`. */
  type: "step";
  /** Its number. */
  iteration: number;
  /** Mean cross-entropy of the batch before the update, in nats a token. */
  loss: number;
  /** Learning rate of the update. */
  learningRate: number;
  /** Global L2 norm of the gradient before clipping; not finite where the update was left out. */
  gradientNorm: number;
  /** In f16: updates left out so far, because a scaled gradient was not finite. */
  skippedSteps?: number;
  /** Speed of this iteration and those handed over with it. */
  tokensPerSecond: number;
  /** Share of that time that was spent waiting for batches, from 0 to 1. */
  dataWait: number;
}

/** The validation split was measured. */
export interface EvaluationEvent {
  /** `evaluation`. */
  type: "evaluation";
  /** Iterations done. */
  iteration: number;
  /** Mean cross-entropy over the validation split, in nats a token. */
  validationLoss: number;
  /** The task's own measure, where it has one: the higher the better. */
  score?: number;
}

/** The model wrote a sample. */
export interface SampleEvent {
  /** `sample`. */
  type: "sample";
  /** Iterations done. */
  iteration: number;
  /** What `TrainInputs.sample` gave. */
  text: string;
}

/** A checkpoint is on disk. */
export interface CheckpointEvent {
  /** `checkpoint`. */
  type: "checkpoint";
  /** Iterations done. */
  iteration: number;
  /** Where it is. */
  folder: string;
  /** Validation loss of these weights, where it was measured. */
  validationLoss?: number;
  /** The task's own measure of them. */
  score?: number;
}

/** A kernel's variants were tried between iterations. */
export interface TuningEvent {
  /** `tuning`. */
  type: "tuning";
  /** Iterations done. */
  iteration: number;
  /** What the tuner told. */
  tuning: TuneEvent;
}

/** The time of each kernel of an iteration was taken. */
export interface ProfileEvent {
  /** `profile`. */
  type: "profile";
  /** Its number. */
  iteration: number;
  /** What the GPU did, in order. */
  spans: readonly Span[];
}

/** Training is over. */
export interface EndEvent {
  /** `end`. */
  type: "end";
  /** Iterations done. */
  iteration: number;
  /** True where the signal ended it before the last iteration. */
  interrupted: boolean;
  /** True where it ended because it got no better. */
  early?: true;
}
