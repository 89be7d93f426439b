export {
  type Batch,
  batches,
  type BatchesOptions,
  evaluationBatches,
  type EvaluationBatchesOptions,
} from "./batches.ts";
export { permutation } from "./permutation.ts";
