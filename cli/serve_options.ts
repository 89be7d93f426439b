import { DEFAULT_LIMITS, type Limits } from "../serve/mod.ts";
import { CHECKPOINT_OPTIONS } from "./checkpoint_options.ts";
import { defineOptions, type OptionRow } from "./options.ts";

/** What the options of the limits say: unit, smallest value, help. */
const LIMIT_HELP: Readonly<
  Record<keyof Limits, readonly [unit: string, min: number, help: string]>
> = {
  bodyBytes: ["bytes", 1, "Largest body of a request."],
  bodyValues: ["values", 1, "Most values in the body of a request."],
  promptTokens: ["tokens", 0, "Longest prompt; 0 for as long as the context."],
  choices: ["answers", 1, "Most choices for a prompt (n)."],
  bestOf: ["answers", 1, "Most answers to choose the best from (best_of)."],
  answers: ["answers", 1, "Most answers of a request, its prompts times their choices."],
  stops: ["texts", 0, "Most texts that end an answer (stop)."],
  stopBytes: ["bytes", 1, "Longest of those texts."],
  biasedTokens: ["tokens", 0, "Most tokens of a logit_bias."],
  messages: ["messages", 1, "Most messages of a chat."],
  inputs: ["texts", 1, "Most texts of a request for embeddings."],
  queueLength: ["answers", 0, "Most answers that wait for a place; more are sent away with 429."],
  requestsPerMinute: ["requests", 0, "Most requests a minute and key; 0 for any number."],
  tokensPerMinute: ["tokens", 0, "Most tokens a minute and key; 0 for any number."],
  firstTokenSeconds: ["seconds", 0, "Longest wait for the first token."],
  betweenTokensSeconds: ["seconds", 0, "Longest wait for a further token."],
  totalSeconds: ["seconds", 0, "Longest time of an answer."],
  requestSeconds: ["seconds", 0, "Longest time for a request to arrive."],
  idleSeconds: ["seconds", 0, "Longest time of a connection without a request."],
  stalledSeconds: ["seconds", 0, "Longest time that a client leaves an answer unread."],
  queuedEvents: ["events", 1, "Most events of an answer that wait for a slow reader."],
};

const limitOptions = Object.fromEntries(
  (Object.keys(LIMIT_HELP) as (keyof Limits)[]).map((name) => {
    const [unit, min, help] = LIMIT_HELP[name];
    const type = name.endsWith("Seconds") ? "number" : "integer";
    return [name, { type, unit, min, default: DEFAULT_LIMITS[name], help }];
  }),
) as Record<keyof Limits, Extract<OptionRow, { type: "number" }> & { default: number }>;

/** Options of `quern serve`. */
export const SERVE_OPTIONS = defineOptions({
  from: {
    type: "strings",
    unit: "[NAME=]DIR",
    defaultHelp: "the newest run",
    help: "Run, checkpoint or Hugging Face folder, with the name by which requests call it.",
  },
  model: { type: "strings", unit: "[NAME=]DIR", help: "Another name of --from." },
  checkpoint: CHECKPOINT_OPTIONS.checkpoint,
  adapter: {
    type: "strings",
    unit: "NAME=DIR",
    help:
      "Adapter of a model that is served (a run of finetune --lora-rank, or PEFT's folder), with the " +
      "name by which requests call it; all of them share one batch.",
  },
  adapterPlaces: {
    type: "integer",
    min: 1,
    defaultHelp: "as many as are named",
    help: "Adapters that a model has room for.",
  },
  adapterFolder: {
    type: "string",
    unit: "DIR",
    help: "Folder of adapters that clients may load and take away: /v1/load_lora_adapter, " +
      "/v1/unload_lora_adapter.",
  },
  host: { type: "string", unit: "ADDRESS", default: "127.0.0.1", help: "Address to listen at." },
  port: {
    type: "integer",
    min: 0,
    max: 65535,
    default: 8000,
    help: "Port to listen at; 0 for any that is free.",
  },
  apiKeys: {
    type: "string",
    unit: "FILE",
    defaultHelp: "QUERN_API_KEYS, if it may be read",
    help: "Keys, one a line with an optional name behind it; needed beyond this machine.",
  },
  corsOrigin: { type: "strings", unit: "ORIGIN", help: "Origin whose pages may use the server." },
  allowHost: {
    type: "strings",
    unit: "NAME",
    help: "Without keys: another name by which the server may be called.",
  },
  cacheMemory: {
    type: "integer",
    unit: "MiB",
    min: 1,
    defaultHelp: "what the batches take, at most 512 a model",
    help: "GPU memory for the keys and values of prompts and answers, over all models.",
  },
  maxBatch: {
    type: "integer",
    unit: "sequences",
    min: 1,
    max: 1024,
    default: 32,
    help: "Places in the batch of each model.",
  },
  drainSeconds: {
    type: "number",
    unit: "seconds",
    min: 0,
    default: 30,
    help: "How long answers under way may go on after SIGTERM or Ctrl-C.",
  },
  ...limitOptions,
});
