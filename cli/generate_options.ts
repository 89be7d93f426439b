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
  minP: {
    type: "number",
    min: 0,
    max: 1,
    default: 0,
    help: "Chooses among tokens at least this share as likely as the likeliest.",
  },
  repetitionPenalty: {
    type: "number",
    above: 0,
    default: 1,
    help: "Makes tokens of prompt and answer less likely, where above 1.",
  },
  presencePenalty: {
    type: "number",
    default: 0,
    help: "Taken from the logits of tokens that the answer holds.",
  },
  frequencyPenalty: {
    type: "number",
    default: 0,
    help: "The same for each time that the answer holds them.",
  },
  seed: { type: "integer", min: 0, default: 1, help: "Seed of the random choices." },
  ...JSON_OPTION,
});
