import { CHECKPOINT_OPTIONS } from "./checkpoint_options.ts";
import { defineOptions, JSON_OPTION } from "./options.ts";

/** Options of `quern generate`. */
export const GENERATE_OPTIONS = defineOptions({
  ...CHECKPOINT_OPTIONS,
  prompt: { type: "string", defaultHelp: "none", help: "Text to continue." },
  tokens: { type: "integer", unit: "tokens", min: 1, default: 200, help: "Length of the answer." },
  temperature: {
    type: "number",
    min: 0,
    default: 0.8,
    help: "Divides the logits; 0 always takes the likeliest token.",
  },
  topK: {
    type: "integer",
    min: 0,
    default: 0,
    help: "Chooses among the K likeliest tokens; 0 for all.",
  },
  topP: {
    type: "number",
    above: 0,
    max: 1,
    default: 1,
    help: "Chooses among the likeliest tokens that together reach this probability.",
  },
  seed: { type: "integer", min: 0, default: 1, help: "Seed of the random choices." },
  ...JSON_OPTION,
});
