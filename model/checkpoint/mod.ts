/** Checkpoints: weights and configuration as Hugging Face has them, in folders that survive a kill. */
export { AdapterFile, hasAdapter, readAdapter, writeAdapter } from "./adapter.ts";
export { removeFolder, writeFolder } from "./folder.ts";
export {
  assertSameShape,
  configFromHuggingFace,
  configToHuggingFace,
  type HuggingFaceConfig,
} from "./hugging_face.ts";
export {
  type Checkpoint,
  type CheckpointChoice,
  checkpointFolder,
  findCheckpoint,
  listCheckpoints,
  pruneCheckpoints,
  readTrainerState,
  type TrainerState,
} from "./run_folder.ts";
export { SafetensorsFile, type TensorSource, writeSafetensors } from "./safetensors.ts";
export type { NamedShape, TensorInfo } from "./safetensors_header.ts";
export { refusePickle, TensorFiles } from "./tensor_files.ts";
export { type ParameterShape, parameterShapes, WeightsFile, writeWeights } from "./weights.ts";
