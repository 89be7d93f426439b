import { defineOptions, JSON_OPTION } from "./options.ts";
import { TASK_DATA_OPTIONS } from "./tasks/mod.ts";
import { LORA_LAYERS } from "../model/mod.ts";
import { TRAIN_OPTIONS } from "./train_options.ts";

// deno-fmt-ignore
const { tokenizer, model, layers, heads, channels, context, bias, tie, textField, beta1, beta2, epsilon,
  weightDecay, gradientClip, accumulationSteps, recompute, precision, out, tune } = TRAIN_OPTIONS;

/** Options of `quern finetune`. */
export const FINETUNE_OPTIONS = defineOptions({
  task: {
    type: "string",
    choices: ["classify", "tag", "translate", "chat", "text"],
    help:
      "classify: the class of a text; tag: entities in it; translate: pairs, by prompt; chat: " +
      "conversations; text: more pre-training.",
  },
  from: {
    type: "string",
    unit: "DIR",
    help:
      "Model to start from: a run, a checkpoint, a GPT-2 folder or hf:OWNER/NAME; without it a new " +
      "model of --model and --tokenizer.",
  },
  checkpoint: {
    type: "string",
    unit: "NAME",
    default: "best",
    help: "Which checkpoint of that run: last, best or an iteration.",
  },
  data: { type: "strings", unit: "SOURCE", help: "Examples: files, globs, URLs, or -." },
  valData: {
    type: "strings",
    unit: "SOURCE",
    defaultHelp: "a share of --data",
    help: "Examples by which the best checkpoint is chosen.",
  },
  testData: {
    type: "strings",
    unit: "SOURCE",
    help: "Examples that the best checkpoint is measured on at the end.",
  },
  validationFraction: {
    type: "number",
    min: 0,
    below: 1,
    default: 0.1,
    help: "Share of --data that validates, by the hash of the text; of each class the same.",
  },
  testFraction: {
    type: "number",
    min: 0,
    below: 1,
    default: 0,
    help: "Share of --data that tests, likewise.",
  },
  dryRun: {
    type: "boolean",
    help:
      "Show columns, counts and ten examples token by token, with what is learned; train nothing.",
  },
  ...TASK_DATA_OPTIONS,
  textField: { ...textField, help: "text: column of the text." },
  multiLabel: { type: "boolean", help: "classify: a text may have several labels, or none." },
  perClass: {
    type: "integer",
    min: 1,
    defaultHelp: "all",
    help: "classify: examples of each class to train on.",
  },
  classWeights: {
    type: "string",
    choices: ["none", "balanced"],
    default: "none",
    help: "classify: balanced weighs the loss so that each class counts the same.",
  },
  piece: {
    type: "string",
    choices: ["first", "last"],
    default: "last",
    help: "tag: piece of a word that is read; a causal model has seen the word only at the last.",
  },
  prompt: {
    type: "string",
    unit: "TEXT",
    defaultHelp: "the source and a line feed",
    help: "translate: what stands before a translation, with {source} in it.",
  },
  template: {
    type: "string",
    unit: "FILE",
    defaultHelp: "the model's, or a plain one",
    help: "chat: chat template in Jinja.",
  },
  bleuTokenizer: {
    type: "string",
    choices: ["13a", "zh", "char"],
    default: "13a",
    help: "translate, chat: how BLEU cuts texts into words.",
  },
  architecture: {
    type: "string",
    choices: ["gpt", "encoder-decoder"],
    default: "gpt",
    heading: "A new model, without --from",
    help:
      "encoder-decoder, for translate: an encoder reads the source, a decoder writes the target by " +
      "characters; one vocabulary is made of the pairs.",
  },
  encoderLayers: { type: "integer", min: 1, default: 1, help: "Blocks of the encoder." },
  decoderLayers: { type: "integer", min: 1, default: 1, help: "Blocks of the decoder." },
  sourceSize: {
    type: "integer",
    unit: "tokens",
    min: 256,
    default: 4096,
    help: "encoder-decoder: pieces of the source side's vocabulary.",
  },
  tokenizer,
  ...{ model, layers, heads, channels, context, bias, tie },
  epochs: {
    type: "number",
    above: 0,
    default: 3,
    heading: "Training",
    help: "Times that each example comes.",
  },
  batchSize: { type: "integer", unit: "rows", min: 1, default: 16, help: "Size of a micro-batch." },
  accumulationSteps,
  learningRate: { type: "number", min: 0, default: 5e-4, help: "Highest learning rate." },
  minLearningRate: {
    type: "number",
    min: 0,
    default: 0,
    help: "The floor that the cosine ends at.",
  },
  warmupFraction: {
    type: "number",
    min: 0,
    below: 1,
    default: 0.1,
    help: "Share of the iterations that the rate climbs.",
  },
  labelSmoothing: {
    type: "number",
    min: 0,
    below: 1,
    default: 0,
    help: "Share of each target that is spread over all tokens or classes.",
  },
  dropout: {
    type: "number",
    min: 0,
    below: 1,
    default: 0.1,
    help: "Share of activations that training drops.",
  },
  freeze: {
    type: "strings",
    unit: "PATTERN",
    help:
      "Parameters that stay as they are: a regular expression over names, as 'wte|h[.][01][.]'.",
  },
  loraRank: {
    type: "integer",
    min: 1,
    defaultHelp: "none: the whole model is trained",
    help: "Train adapters of this rank beside the model, whose weights stay as they are (LoRA).",
  },
  loraAlpha: {
    type: "number",
    above: 0,
    defaultHelp: "twice the rank",
    help: "What an adapter adds is multiplied by alpha / rank.",
  },
  loraDropout: {
    type: "number",
    min: 0,
    below: 1,
    default: 0,
    help: "Share of what an adapter reads that training drops.",
  },
  loraTargets: {
    type: "strings",
    unit: "LAYER",
    choices: ["c_attn", "c_proj", "c_fc", ...LORA_LAYERS],
    default: ["c_attn"],
    help: "Layers that get adapters.",
  },
  patience: {
    type: "integer",
    min: 0,
    default: 0,
    help: "Epochs that may bring nothing better before training ends; 0 for all epochs.",
  },
  seeds: {
    type: "string",
    unit: "N,N,…",
    default: "1",
    help: "Seeds of new weights, order and dropout; of several the mean and the spread are told.",
  },
  ...{ beta1, beta2, epsilon, weightDecay, gradientClip, recompute, precision },
  out,
  resume: {
    type: "boolean",
    help: "Go on from the newest checkpoint of --out, with the flags that the run began with.",
  },
  ...{ tune },
  ...JSON_OPTION,
});
