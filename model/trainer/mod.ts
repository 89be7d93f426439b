/** Training: AdamW, its schedule, and a trainer that tells what happens as events. */
export type {
  CheckpointEvent,
  EndEvent,
  EvaluationEvent,
  ProfileEvent,
  SampleEvent,
  StartEvent,
  StepEvent,
  TrainEvent,
  TuningEvent,
} from "./events.ts";
export { type BatchOutputs, Evaluator, type EvaluatorShape } from "./evaluator.ts";
export { checkTraining } from "./golden.ts";
export {
  type Measured,
  type OptimizerOptions,
  TRAIN_DEFAULTS,
  type TrainInputs,
  type TrainOptions,
} from "./options.ts";
export { learningRateAt, type ScheduleOptions } from "./schedule.ts";
export { type StepResult, TrainingStep } from "./step.ts";
export { type LargestBatch, largestBatch, planNetwork, planTraining } from "./plan.ts";
export { trainedParameters } from "./trained.ts";
export { Trainer, type TrainingMemory } from "./trainer.ts";
