/** Writing text with a model. */
export { generate, type GenerateOptions } from "./generate.ts";
export type {
  Constraint,
  EndEvent as GenerationEndEvent,
  GenerationEvent,
  GenerationRequest,
  PromptEvent,
  SamplingOptions,
  TokenLogprob,
  TokensEvent,
} from "./request.ts";
export type { AdapterSizes } from "./batch_memory.ts";
export type { SizeOptions } from "./batch_sizes.ts";
export { SAMPLING_DEFAULTS } from "./sampling.ts";
export {
  type GenerationHandle,
  Scheduler,
  type SchedulerOptions,
  type SchedulerStats,
} from "./scheduler.ts";
