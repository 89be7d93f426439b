import { CHECKPOINT_OPTIONS } from "./checkpoint_options.ts";
import { defineOptions, JSON_OPTION } from "./options.ts";

/** Options of `quern eval`. */
export const EVAL_OPTIONS = defineOptions({
  ...CHECKPOINT_OPTIONS,
  data: {
    type: "strings",
    unit: "FILE",
    help: "Text to measure on: a file, a glob or - for standard input.",
  },
  batchSize: { type: "integer", unit: "rows", min: 1, default: 12, help: "Rows of a batch." },
  ...JSON_OPTION,
});
