/** GPT-2: the model, its training, its checkpoints and the text it writes. */
export * from "./checkpoint/mod.ts";
export { assertConfig, type GptConfig, type Preset, PRESETS } from "./config.ts";
export * from "./generation/mod.ts";
export * from "./gpt/mod.ts";
export * from "./trainer/mod.ts";
