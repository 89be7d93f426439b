import { CHECKPOINT_OPTIONS } from "./checkpoint_options.ts";
import { defineOptions, JSON_OPTION } from "./options.ts";
import { CACHE_OPTIONS } from "./remote_shards.ts";
import { SCORE_OPTIONS } from "./score_options.ts";
import { TASK_DATA_OPTIONS } from "./tasks/mod.ts";

/** Options of `quern eval`. */
export const EVAL_OPTIONS = defineOptions({
  ...CHECKPOINT_OPTIONS,
  data: {
    type: "strings",
    unit: "SOURCE",
    help:
      "What to measure on: examples of --task; else shards of `quern prepare` (a folder, or one at https: or s3:), text, " +
      "documents, a glob or - for standard input.",
  },
  textField: { type: "string", unit: "NAME", default: "text", help: "Column of the text." },
  ...CACHE_OPTIONS,
  batchSize: { type: "integer", unit: "rows", min: 1, default: 12, help: "Rows of a batch." },
  ...SCORE_OPTIONS,
  ...TASK_DATA_OPTIONS,
  ...JSON_OPTION,
});
