import { GENERATE_OPTIONS } from "./generate_options.ts";
import { defineOptions } from "./options.ts";

const { prompt: _prompt, json: _json, ...generation } = GENERATE_OPTIONS;

/** Options of `quern chat`. */
export const CHAT_OPTIONS = defineOptions({
  ...generation,
  system: {
    type: "string",
    defaultHelp: "none",
    help: "Instructions that stand before the conversation.",
  },
});
