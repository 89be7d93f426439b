export {
  type Batch,
  batches,
  type BatchesOptions,
  evaluationBatches,
  type EvaluationBatchesOptions,
} from "./batches.ts";
export { documentEncoder, encodeDocuments, endOfTextOf } from "./document_tokens.ts";
export { type GrowingSet, isGrowing } from "./growing_set.ts";
export { permutation } from "./permutation.ts";
export { type HeldOutRows, holdOutRows, rowRange, tokenSet } from "./row_sets.ts";
export {
  type ShardBatches,
  shardBatches,
  shardEvaluationBatches,
  type ShardEvaluationBatchesOptions,
  type SourceProgress,
} from "./shard_batches.ts";
export { type ShardBatchesOptions, type ShardSource } from "./shard_options.ts";
export { type OpenRemote, openRemoteShards, type RemoteShardsOptions } from "./shard_cache.ts";
