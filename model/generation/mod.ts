/** Writing text with a model. */
export { generate, type GenerateOptions } from "./generate.ts";
export { sampleToken, type SamplingOptions } from "./sample.ts";
