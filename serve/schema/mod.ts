/** What clients may send, and how their faults are named. */
export { type ArrayBounds, boundedArray } from "./bounded_array.ts";
export {
  type GenerationFields,
  generationFields,
  jsonObject,
  refused,
  type StreamOptions,
  type StructuredOutputs,
} from "./generation.ts";
export { assertValid, quote, type Validation } from "./issues.ts";
export {
  type Prompt,
  prompt,
  type PromptPart,
  promptParts,
  promptTokens,
  tokenIds,
} from "./prompt.ts";
export { errorBody, jsonRequest, jsonResponses, usage } from "./responses.ts";
export { assertStreamOptions } from "./stream_options.ts";
