import { type Preset, PRESETS, TRAIN_DEFAULTS as PRESET } from "../model/mod.ts";
import { TUNE_OPTION } from "./kernel_choices.ts";
import { GPU_MEMORY_OPTION, PRECISION_OPTION } from "./memory_plan.ts";
import { defineOptions, JSON_OPTION } from "./options.ts";
import { CACHE_OPTIONS } from "./remote_shards.ts";

const PRESET_NAMES = Object.keys(PRESETS) as Preset[];
const OF_PRESET = "the preset's";

/** Options of `quern train`; together the defaults train a small model in minutes on a CPU. */
export const TRAIN_OPTIONS = defineOptions({
  data: {
    type: "strings",
    unit: "SOURCE",
    help:
      "What to train on: shards of `quern prepare` (a folder, or one at https: or s3:), text, " +
      "documents (JSONL, Parquet …), a glob or - for standard input; of several each with its " +
      "weight, as in code/=0.3.",
    defaultHelp: "the output of `deno types`",
  },
  valData: {
    type: "strings",
    unit: "SOURCE",
    help: "What to measure on.",
    defaultHelp: "the shards' own split, or the end of the data",
  },
  validationFraction: {
    type: "number",
    min: 0,
    below: 1,
    default: 0.1,
    help:
      "Share of the data, at its end, that is kept for validation; of text that is too large for " +
      "the memory, of its first 2,097,152 tokens.",
  },
  order: {
    type: "string",
    choices: ["shuffled", "sequential"],
    default: "shuffled",
    help: "Order in which rows are read.",
  },
  shuffle: {
    type: "string",
    choices: ["blocks", "full"],
    default: "blocks",
    help: "Rows are shuffled within windows of shards, or all together, held in memory.",
  },
  shuffleBlocks: {
    type: "integer",
    unit: "shards",
    min: 1,
    default: 3,
    help: "Size of such a window; twice as many are held in memory.",
  },
  mixTemperature: {
    type: "number",
    above: 0,
    default: 1,
    help: "Without weights, sources are mixed by rows^(1/temperature).",
  },
  maxEpochs: {
    type: "number",
    above: 0,
    defaultHelp: "no end",
    help: "Times that the rows of a source may come; the others share the rest.",
  },
  textField: { type: "string", unit: "NAME", default: "text", help: "Column of the text." },
  ...CACHE_OPTIONS,
  tokenizer: {
    type: "string",
    unit: "NAME",
    default: "byte",
    help: "byte, char, or the path of a tokenizer.json; shards bring their own.",
  },
  model: {
    type: "string",
    unit: "PRESET",
    choices: PRESET_NAMES,
    default: "nano",
    help: "Named model size.",
  },
  layers: { type: "integer", min: 1, defaultHelp: OF_PRESET, help: "Transformer blocks." },
  heads: {
    type: "integer",
    min: 1,
    defaultHelp: OF_PRESET,
    help: "Attention heads of a block; must divide the channels.",
  },
  channels: {
    type: "integer",
    min: 1,
    defaultHelp: OF_PRESET,
    help: "Width of the residual stream.",
  },
  context: {
    type: "integer",
    unit: "tokens",
    min: 1,
    defaultHelp: OF_PRESET,
    help: "Longest sequence.",
  },
  dropout: {
    type: "number",
    min: 0,
    below: 1,
    default: 0,
    help: "Share of activations that training drops.",
  },
  bias: {
    type: "boolean",
    negatable: true,
    default: true,
    help: "Whether linear layers and layer norms have biases.",
  },
  tie: {
    type: "boolean",
    negatable: true,
    default: true,
    help: "Whether the output layer shares the token embedding.",
  },
  from: {
    type: "string",
    unit: "DIR",
    help: "Checkpoint or run folder whose weights, shape and tokenizer training starts from.",
  },
  iterations: {
    type: "integer",
    min: 1,
    default: PRESET.iterations,
    help: "The last iteration, counted from 1.",
  },
  batchSize: {
    type: "integer",
    unit: "rows",
    min: 1,
    default: PRESET.batchSize,
    help: "Size of a micro-batch.",
  },
  accumulationSteps: {
    type: "integer",
    min: 1,
    default: PRESET.accumulationSteps,
    help: "Micro-batches of an iteration.",
  },
  learningRate: {
    type: "number",
    min: 0,
    default: PRESET.learningRate,
    help: "Highest learning rate.",
  },
  minLearningRate: {
    type: "number",
    min: 0,
    default: PRESET.minLearningRate,
    help: "The floor that the cosine ends at.",
  },
  warmupIterations: {
    type: "integer",
    min: 0,
    default: PRESET.warmupIterations,
    help: "Iterations of linear warm-up.",
  },
  decayIterations: {
    type: "integer",
    min: 0,
    defaultHelp: "as many as --iterations",
    help: "Iteration at which the floor is reached.",
  },
  beta1: {
    type: "number",
    min: 0,
    below: 1,
    default: PRESET.beta1,
    help: "AdamW's decay of the gradient's mean.",
  },
  beta2: {
    type: "number",
    min: 0,
    below: 1,
    default: PRESET.beta2,
    help: "AdamW's decay of the gradient's mean square.",
  },
  epsilon: {
    type: "number",
    above: 0,
    default: PRESET.epsilon,
    help: "Added to AdamW's denominator.",
  },
  weightDecay: {
    type: "number",
    min: 0,
    default: PRESET.weightDecay,
    help: "Decoupled decay of matrices and embeddings.",
  },
  gradientClip: {
    type: "number",
    min: 0,
    default: PRESET.gradientClip,
    help: "Largest global norm of the gradient; 0 for no clipping.",
  },
  documentMask: {
    type: "boolean",
    help:
      "Tokens attend only within their own document; needs shards that `quern prepare` packed " +
      "with best-fit.",
  },
  restartPositions: {
    type: "boolean",
    help: "With --document-mask, positions restart with each document.",
  },
  ...PRECISION_OPTION,
  recompute: {
    type: "boolean",
    help:
      "Keeps one block's activations and computes them again on the way back: the same losses, " +
      "less memory, a third more work.",
  },
  evalInterval: {
    type: "integer",
    unit: "iterations",
    min: 0,
    default: PRESET.evalInterval,
    help: "Time between evaluations; 0 for none.",
  },
  evalBatches: {
    type: "integer",
    unit: "batches",
    min: 1,
    defaultHelp: "the whole validation split",
    help: "Length of an evaluation.",
  },
  saveInterval: {
    type: "integer",
    unit: "iterations",
    min: 0,
    default: PRESET.saveInterval,
    help: "Time between checkpoints; 0 for the last one only.",
  },
  keepCheckpoints: {
    type: "integer",
    min: 1,
    default: PRESET.keepCheckpoints,
    help: "Newest checkpoints that are kept, beside the best.",
  },
  sampleInterval: {
    type: "integer",
    unit: "iterations",
    min: 0,
    default: PRESET.sampleInterval,
    help: "Time between samples; 0 for none.",
  },
  seed: {
    type: "integer",
    min: 0,
    default: PRESET.seed,
    help: "Seed of the weights, the order of rows, dropout and samples.",
  },
  out: {
    type: "string",
    unit: "DIR",
    defaultHelp: "a new folder in runs/",
    help: "Folder of the run.",
  },
  resume: {
    type: "boolean",
    help: "Go on from the newest whole checkpoint of --out, or of the newest run.",
  },
  dryRun: {
    type: "boolean",
    help: "Only tell what the GPU's memory would hold, and the largest batch that fits.",
  },
  ...GPU_MEMORY_OPTION,
  ...TUNE_OPTION,
  profile: {
    type: "boolean",
    help:
      "Take the time of every kernel of the fourth iteration: a table, and profile.json in the " +
      "run's folder for Perfetto.",
  },
  ...JSON_OPTION,
});
