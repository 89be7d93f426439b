/** Options that say what a task's files hold; `quern finetune` and `quern eval` share them. */
export const TASK_DATA_OPTIONS = {
  format: {
    type: "string",
    choices: ["csv", "tsv", "jsonl", "conll"],
    heading: "What the files hold",
    defaultHelp: "by the file's name",
    help: "How files are read.",
  },
  textColumn: {
    type: "string",
    unit: "NAME",
    defaultHelp: "guessed and shown",
    help: "classify, tag: column of the text: its name, or its number from 1.",
  },
  labelColumn: {
    type: "string",
    unit: "NAME",
    defaultHelp: "guessed and shown",
    help: "classify: column of the label.",
  },
  labelSeparator: {
    type: "string",
    unit: "TEXT",
    default: ",",
    help: "classify with --multi-label: what stands between labels.",
  },
  spansColumn: {
    type: "string",
    unit: "NAME",
    defaultHelp: "guessed and shown",
    help: "tag: key of the entities, in JSON Lines.",
  },
  wordColumn: {
    type: "integer",
    min: 1,
    defaultHelp: "guessed and shown",
    help: "tag: column of the word, in CoNLL.",
  },
  tagColumn: {
    type: "integer",
    min: 1,
    defaultHelp: "guessed and shown",
    help: "tag: column of the tag, in CoNLL.",
  },
  sourceColumn: {
    type: "string",
    unit: "NAME",
    defaultHelp: "guessed and shown",
    help: "translate: column of the text to translate.",
  },
  targetColumn: {
    type: "string",
    unit: "NAME",
    defaultHelp: "guessed and shown",
    help: "translate: column of the translation.",
  },
  messagesColumn: {
    type: "string",
    unit: "NAME",
    defaultHelp: "guessed and shown",
    help: "chat: key of the messages.",
  },
  answers: {
    type: "integer",
    min: 1,
    default: 200,
    help:
      "translate, chat: prompts that are answered to measure; of more every so many-th is; after each " +
      "epoch of translate up to 64, by whose BLEU the best checkpoint is chosen.",
  },
  beams: {
    type: "integer",
    min: 1,
    default: 4,
    help: "translate with an encoder: translations of a text that are followed side by side.",
  },
  lengthPenalty: {
    type: "number",
    min: 0,
    default: 1,
    help:
      "translate with an encoder: power of its length that a translation's score is divided by.",
  },
  noRepeatNgram: {
    type: "integer",
    unit: "tokens",
    min: 0,
    default: 0,
    help:
      "translate with an encoder: runs of so many tokens may not come twice; 0 for no such rule.",
  },
  answerTokens: {
    type: "integer",
    unit: "tokens",
    min: 1,
    default: 128,
    help: "translate, chat: longest answer.",
  },
  onBad: {
    type: "string",
    choices: ["error", "skip"],
    default: "error",
    help: "What to do with a line that breaks a rule: stop, or leave it out and count it.",
  },
  onLong: {
    type: "string",
    choices: ["cut", "error"],
    default: "cut",
    help: "What to do with a text longer than the context: cut it and count it, or stop.",
  },
} as const;
