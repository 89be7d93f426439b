/** GPT-2: the model, its training, its checkpoints and the text it writes. */
export {
  assertSameShape,
  type Checkpoint,
  type CheckpointChoice,
  findCheckpoint,
  listCheckpoints,
  type NamedShape,
  SafetensorsFile,
  type TensorInfo,
  type TensorSource,
  writeSafetensors,
} from "./checkpoint/mod.ts";
export { assertConfig, type GptConfig, type Preset, PRESETS } from "./config.ts";
export {
  generate,
  type GenerateOptions,
  sampleToken,
  type SamplingOptions,
} from "./generation/mod.ts";
export {
  type Affine,
  type Arena,
  type BlockParameters,
  Gpt,
  type GptParameters,
  ParameterSet,
} from "./gpt/mod.ts";
export {
  type CheckpointEvent,
  type EndEvent,
  type EvaluationEvent,
  Evaluator,
  learningRateAt,
  type OptimizerOptions,
  type SampleEvent,
  type ScheduleOptions,
  type StartEvent,
  type StepEvent,
  TRAIN_DEFAULTS,
  Trainer,
  type TrainEvent,
  type TrainInputs,
  type TrainOptions,
} from "./trainer/mod.ts";
